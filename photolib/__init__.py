"""photolib: a photo library manager in the terminal."""

__version__ = "0.1.0"
