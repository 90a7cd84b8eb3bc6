"""The functional core: records + policy + calendar + as_at -> assessments. Pure: no file, clock, database or log."""

from due_regard.assessment.engine import assess_records

__all__ = ["assess_records"]
