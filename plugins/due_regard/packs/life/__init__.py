"""The life of a pack: filed with its provenance, mailed, issued, and the duty to report it."""
