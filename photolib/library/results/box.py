"""A region of a picture."""

Box = tuple[float, float, float, float]
"""x, y, width and height as fractions of the oriented picture."""
