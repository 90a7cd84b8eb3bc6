"""Great Expectations' Data Docs of a drop: one page a run with its status, counts and no values, the last twenty kept.

The library's own page calls fonts, scripts and a logo from half a dozen hosts; a page about a landlord's records calls
nobody, so these are taken out and a policy in the page forbids the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Any

from due_regard.config.storage import StoredPath, write_file
from due_regard.intake.validation_project import load_great_expectations
from due_regard.records.validated_drop import ValidatedDrop

KEPT_RUNS = 20
_OUTSIDE = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<img\b[^>]*>|<a\b[^>]*href=\"https?://[^>]*>.*?</a>",
    re.DOTALL,
)
_HEAD = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<style>body{font:1rem/1.4 sans-serif;margin:1rem}table{border-collapse:collapse}"
    "td,th{border:1px solid #767676;padding:.2rem .5rem;text-align:left}</style>"
)


def publish_data_docs(validated: ValidatedDrop, out: StoredPath, *, run: str, now: datetime) -> StoredPath | None:
    """Writes the page of one validated drop and the landlord's index, and removes pages beyond the last twenty.

    Args:
        validated: with the answers of Great Expectations; without any, nothing is written.
        out: folder of all landlords' pages.
        run: name of the page; runs are kept in the order of their names.
        now: aware instant of the run.

    Returns:
        The page, or None.
    """
    if not validated.suites:
        return None
    folder = out / validated.landlord
    page = write_file(folder, f"{run}.html", _render_page(validated, run, now).encode())
    pages = sorted((path for path in folder.glob("*.html") if path.name != "index.html"), key=lambda path: path.name)
    for old in pages[:-KEPT_RUNS]:
        old.unlink()
    links = "\n".join(
        f'<li><a href="{escape(path.name)}">{escape(path.stem)}</a>: {_read_status(path)}</li>'
        for path in pages[-KEPT_RUNS:][::-1]
    )
    title = f"Data Docs of {escape(validated.landlord)}"
    index = (
        f'<!DOCTYPE html><html lang="en-GB"><head><title>{title}</title>{_HEAD}</head>'
        f"<body><h1>{title}</h1><ul>{links}</ul></body></html>\n"
    )
    write_file(folder, "index.html", index.encode())
    return page


def _render_page(validated: ValidatedDrop, run: str, now: datetime) -> str:
    load_great_expectations()
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    results = list(_render_results(validated))
    passed = sum(result.success for result in results)
    suite = ExpectationSuiteValidationResult(
        success=passed == len(results),
        results=results,
        suite_name=validated.landlord,
        suite_parameters={},
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(results) - passed,
            "success_percent": 100.0 * passed / len(results),
        },
        meta={"run_id": {"run_name": run, "run_time": now.isoformat()}},
    )
    html: str = DefaultJinjaPageView().render(ValidationResultsPageRenderer(run_info_at_end=True).render(suite))
    status = _describe_status(passed, len(results))
    plain = _OUTSIDE.sub("", html).replace("<head>", f'<head><meta name="status" content="{status}">{_HEAD}', 1)
    return re.sub(r"(<body[^>]*>)", rf"\1<p><strong>{status}</strong></p>", plain, count=1)


def _describe_status(passed: int, checks: int) -> str:
    return (
        f"all {checks} checks passed"
        if passed == checks
        else f"{checks - passed} of {checks} checks found rows to look at"
    )


def _read_status(page: StoredPath) -> str:
    """A page's status, from its head; pages of earlier versions have none."""
    with page.open(encoding="utf-8") as text:
        found = re.search(r'<meta name="status" content="([^"]*)">', text.read(1000))
    return found[1] if found else "no status"


def _render_results(validated: ValidatedDrop) -> Iterator[Any]:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    for table in validated.suites:
        checks: Any = table["checks"]
        for check in checks:
            section = f"{table['entity']}, {table['file']}: {check['column']}"
            yield ExpectationValidationResult(
                success=not check["failing"],
                expectation_config=ExpectationConfiguration(
                    type=check["expectation"],
                    kwargs={"column": section, **check["asked"]},
                    severity=check["severity"],
                ),
                result={
                    "element_count": check["judged"],
                    "unexpected_count": check["failing"],
                    "unexpected_percent": 100.0 * check["failing"] / max(check["judged"], 1),
                },
            )
