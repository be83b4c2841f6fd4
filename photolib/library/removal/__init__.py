"""Removing photos without fear: planning, checking, moving, undoing, purging, and recovering.

A removed file is never deleted: it is renamed into a hidden quarantine directory on its own mount,
after the intent was journalled and before the journal says that it is done. Whatever a crash leaves
between the two is settled when the library is opened next.
"""
