"""Compiled loops over plain arrays: no AnnData, no pandas.

Compiled code is cached beside the sources. Numba does not notice a change in a function that
another file calls: after editing ``tails.py`` remove ``kernels/__pycache__``.
"""
