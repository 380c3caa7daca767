"""Colophon curates scientific text for language models and accounts for every document.

>>> import colophon
>>> colophon.__version__.count(".")
2
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__: str = version("colophon-data")
