"""Intake: what a landlord delivers, read without guessing, validated and handed on as a `ValidatedDrop`.

Reads files and writes rejections; knows no database. How a vendor's export maps is include/sources/<name>.yaml. Import
from the modules: a drop whose files are known is taken in without what reads workbooks being loaded.
"""
