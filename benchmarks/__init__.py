"""Measures the product from outside, as a client sees it: ``python -m benchmarks --help``."""
