"""Benchmarks that anyone can run: ratios measured in one run, never timed tests (performance.md)."""
