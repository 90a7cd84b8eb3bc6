"""Intake: what a landlord delivers, read without guessing, validated and handed on as a `ValidatedDrop`.

Reads files and writes rejections; knows no database. How a vendor's export maps is include/sources/<name>.yaml.
"""

from due_regard.intake.check import SourceCheck, TableCheck, check_source
from due_regard.intake.completeness import Completeness, drop_completeness
from due_regard.intake.data_docs import publish_data_docs
from due_regard.intake.drop import read_drop
from due_regard.intake.rejections import quarantine, rejection_summary, write_rejections
from due_regard.intake.source import Source, load_source

__all__ = [
    "Completeness",
    "Source",
    "SourceCheck",
    "TableCheck",
    "check_source",
    "drop_completeness",
    "load_source",
    "publish_data_docs",
    "quarantine",
    "read_drop",
    "rejection_summary",
    "write_rejections",
]
