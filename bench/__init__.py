"""Measurements; each prints ratios or counts of one run: ``python -m bench.NAME``."""
