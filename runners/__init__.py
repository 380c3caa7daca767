"""The command line, and one file for each engine that a pipeline can run on.

Nothing about engines stands anywhere else; a new engine is one new file with a function `engine`.
"""

__all__: list[str] = []
