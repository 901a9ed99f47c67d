"""Compiled loops over plain arrays: no AnnData, no pandas."""
