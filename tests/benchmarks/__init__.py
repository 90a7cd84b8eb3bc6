"""The sides of a benchmark do the same work: without that its ratios say nothing."""
