"""Findings: recorded assessment runs, how they move findings, and what people decide."""
