"""How much a drop may bring: caps that stop a mistake or an attack before it takes the machine's memory.

A real landlord's largest table is some ten thousand rows; the caps leave a hundred times that.
"""

LARGEST_FILE = 512 * 2**20
"""Bytes of one file."""

LARGEST_UNPACKED = 2**30
"""Bytes of a workbook once unpacked."""

RATIO_FREE = 32 * 2**20
"""Bytes unpacked up to which the ratio does not matter."""

LARGEST_RATIO = 150
"""Unpacked to packed: sheets of repeated text reach 60, bombs a thousand."""

MOST_MEMBERS = 2_000
"""Parts of a workbook."""

MOST_COLUMNS = 702
"""Columns of a table (up to ZZ)."""

MOST_ROWS = 5_000_000
"""Rows of a CSV file."""

MOST_CELLS = 30_000_000
"""Cells of the rectangle that a sheet's farthest cells span, filled or not."""
