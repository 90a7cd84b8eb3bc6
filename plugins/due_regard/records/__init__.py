"""Records: the canonical entities and columns, and the validated drop that holds them.

Values only; how files are read is intake's, how rows are kept is the register's.
"""
