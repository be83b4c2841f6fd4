"""The use cases of photolib. ``Library`` is the one door.

>>> from photolib.config import load_settings
>>> from photolib.library import Library
>>> with Library.open(load_settings()) as library:  # doctest: +SKIP
...     library.search("dog on a beach").hits
"""

from photolib.library.doors import View
from photolib.library.library import Library

__all__ = ["Library", "View"]
