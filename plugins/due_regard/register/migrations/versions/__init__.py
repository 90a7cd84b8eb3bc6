"""Revisions, one file each, named r<number>_<what>. Add one for each change of a model; never edit one that shipped."""
