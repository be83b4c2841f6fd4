"""Pure functions on arrays that put photos together: themes, events, duplicates, album names.

``graph`` (the neighbour graph and DBSCAN), ``themes``, ``events``, ``duplicates``, ``matching`` and
``naming``. scikit-learn and scipy are loaded by the functions that use them.
"""
