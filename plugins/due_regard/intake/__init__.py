"""Intake: what a landlord delivers, read without guessing, validated and handed on as a `ValidatedDrop`.

Reads files and writes rejections; knows no database. How a vendor's export maps is include/sources/<name>.yaml.
"""

from due_regard.intake.completeness import check_completeness, find_rows_before
from due_regard.intake.data_docs import publish_data_docs
from due_regard.intake.drop_identity import identify_drop
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.rejections import quarantine_files, summarise_rejections, write_rejections
from due_regard.intake.source_check import check_source
from due_regard.intake.source_mapping import SourceMapping, load_source_mapping

__all__ = [
    "SourceMapping",
    "check_completeness",
    "check_source",
    "find_rows_before",
    "identify_drop",
    "load_source_mapping",
    "publish_data_docs",
    "quarantine_files",
    "read_drop",
    "summarise_rejections",
    "write_rejections",
]
