"""Align, read in row blocks, score: arrays in, a frozen result out."""
