"""Code lists: the words that a code column may hold, shipped as data and added to by an installation."""
