"""Seals: digests of rows in the audit's own entries, so that `audit verify --deep` can prove every row against it."""
