"""Records: the canonical entities and columns, the validated drop that holds them, and workbooks as bytes.

Values only; how files are read is intake's, how rows are kept is the register's.
"""
