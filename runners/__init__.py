"""The command line (``commands``, one file each) and the engines that a pipeline can run on (``engines``, likewise)."""

__all__: list[str] = []
