"""Tests of the assessment engine against the contract, its examples and the slow reference."""
