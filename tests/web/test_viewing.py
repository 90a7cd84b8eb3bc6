"""Every view of a named record is kept, with who looked and by which right; the audit's page shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from due_regard.config.settings import Settings
from due_regard.register import reading
from due_regard.register.viewed_records import list_views
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import list_findings
from tests.web.registers import AS_AT, keep_example
from tests.web.visitors import open_pages

L = "queens_cross"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return keep_example(tmp_path, L)


def read_views(settings: Settings) -> list[dict[str, Any]]:
    with open_landlord_register(settings, L) as engine, reading(engine, L) as connection:
        return list_views(connection, L, hidden_right=None, limit=50)[0]


def test_a_view_of_a_finding_or_a_case_is_kept_and_shown_in_the_audit(settings: Settings) -> None:
    ref = list_findings(settings, as_at=AS_AT, landlord=L).rows["register_ref"][0]
    manager, auditor = open_pages(settings, L, "manager"), open_pages(settings, L, "auditor")
    case = manager.get(f"/{L}/restrictions", headers={"accept": "application/json"}).json()["restrictions"][0]
    name = case["restriction_ref"]
    assert read_views(settings) == [], "a list names no record"
    for path in (f"findings/{ref}", f"restrictions/{name}", f"restrictions/{name}/statement"):
        assert manager.get(f"/{L}/{path}").status_code == 200
    seen = [(row["actor"], row["used_right"], row["kind"], row["ref"]) for row in reversed(read_views(settings))]
    kinds = [("finding", ref), ("restriction", name), ("statement", name)]
    assert seen == [("fab:manager", "can_read", kind, what) for kind, what in kinds]
    told = auditor.get(f"/{L}/audit?subject={ref}", headers={"accept": "application/json"}).json()
    assert [(row["kind"], row["ref"]) for row in told["views"]] == [("finding", ref)]
    assert "fab:manager" in auditor.get(f"/{L}/audit").text


def test_a_page_that_was_not_shown_is_no_view(settings: Settings) -> None:
    manager = open_pages(settings, L, "manager")
    assert manager.get(f"/{L}/findings/F-999999").status_code == 404
    assert manager.get(f"/{L}/restrictions/no-such-case").status_code == 404
    assert open_pages(settings, L, "nobody").get(f"/{L}/findings/F-000001").status_code == 403
    assert read_views(settings) == []
