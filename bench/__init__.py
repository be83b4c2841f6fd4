"""Measurements of photolib; ``python -m bench`` prints them as one table."""
