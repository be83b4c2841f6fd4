"""``python -m photolib``, and the ``photolib`` script."""

import sys

from photolib.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
