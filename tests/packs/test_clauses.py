"""What the clauses ask, word for word: who was newly restricted, who was told of staff named, who was reviewed."""

from __future__ import annotations

import io
from datetime import date
from zipfile import ZipFile

from openpyxl import load_workbook

from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.pack_content import FOR_INFORMATION, describe_clause
from due_regard.packs.documents.fragments import build_fragments
from due_regard.packs.documents.workbook import build_committee_workbook
from tests.packs.known import REPORTS, content, frame, restriction, snapshots

PAPER = REPORTS / "paper"


def test_customers_who_had_a_restriction_put_in_place_are_counted_once_each() -> None:
    """Queens Cross 12: of three restrictions begun in the quarter, two are one customer's; one began before."""
    rows = [
        restriction("R1", "2026-04-02", "2026-05-02"), restriction("R2", "2026-05-20"),
        restriction("R3", "2026-06-30", customer_ref="C2"), restriction("R4", "2026-03-31", customer_ref="C3"),
    ]  # fmt: skip
    table = build_measure_table(
        "restrictions", snapshots({"restrictions": frame("restrictions", *rows)}, "queens_cross")
    )
    assert table.figures is not None
    now = table.figures[table.figures["quarter"] == "2026-Q2"].set_index("measure")["numerator"]
    assert (now["customers_new"], now["new"], now["customers_restricted"]) == (2, 3, 3)


def test_each_case_of_staff_named_says_who_was_told() -> None:
    """Clydebank 67 and 71."""
    told = {"line_manager_notified_on": "2026-05-06", "services_manager_notified_on": None}
    met = [
        {"incident_ref": "I2", "customer_ref": "C1", "occurred_on": "2026-05-05", "staff_named_publicly": True, **told},
        {"incident_ref": "I1", "customer_ref": "C1", "occurred_on": "2026-04-05", "staff_named_publicly": True, **told},
        {
            "incident_ref": "I3",
            "customer_ref": "C1",
            "occurred_on": "2026-05-05",
            "staff_named_publicly": False,
            **told,
        },
        {"incident_ref": "I4", "customer_ref": "C1", "occurred_on": "2026-01-05", "staff_named_publicly": True, **told},
    ]
    listing = build_measure_table(
        "named_staff", snapshots({"incidents": frame("incidents", *met)}, "clydebank")
    ).listing
    assert listing is not None
    assert listing["Case"].to_list() == ["Case 1", "Case 2"]
    assert [f"{day:%Y-%m-%d}" for day in listing["Occurred on"]] == ["2026-04-05", "2026-05-05"]
    assert listing["Line manager told on"].to_list() == [date(2026, 5, 6)] * 2
    assert set(listing["Services manager told on"]) == {"Not recorded"}
    assert set(listing["Shared with the Senior Management Team on"]) == {"[x]"}


def test_every_restricted_customer_is_listed_with_the_last_review() -> None:
    """Hanover 7.4: one line a customer, whatever restrictions they are under."""
    rows = [
        restriction("R1", "2025-01-01"), restriction("R2", "2026-05-01", measure="writing_only"),
        restriction("R3", "2025-06-01", customer_ref="C2"),
        restriction("R4", "2026-01-01", "2026-02-01", customer_ref="C3"),
    ]  # fmt: skip
    held = [
        {"review_ref": f"V{n}", "restriction_ref": ref, "reviewed_on": day, "outcome": "retain"}
        for n, (ref, day) in enumerate([("R1", "2026-05-04"), ("R1", "2025-07-01"), ("R3", "2026-03-31")])
    ]
    records = {"restrictions": frame("restrictions", *rows), "reviews": frame("reviews", *held)}
    listing = build_measure_table("quarterly_reviews", snapshots(records, "hanover")).listing
    assert listing is not None
    assert listing["Customer"].to_list() == ["Customer 1", "Customer 2"]
    assert listing["What is limited"].to_list() == ["One named contact, In writing only", "One named contact"]
    assert listing["Last review on"].to_list() == [date(2026, 5, 4), date(2026, 3, 31)]
    assert listing["Reviewed in the quarter"].to_list() == ["Yes", "No"]


def test_restricted_customers_are_listed_where_no_review_was_ever_held() -> None:
    """A landlord's first quarter: its system carries reviews, and there is none yet, or one that came later."""
    rows = [restriction("R1", "2026-01-01"), restriction("R2", "2026-05-01", customer_ref="C2")]
    later = {"review_ref": "V1", "restriction_ref": "R1", "reviewed_on": "2026-07-02", "outcome": "retain"}
    for held in (frame("reviews", later), frame("reviews", later).iloc[:0]):
        records = {"restrictions": frame("restrictions", *rows), "reviews": held}
        table = build_measure_table("quarterly_reviews", snapshots(records, "hanover"))
        assert table.listing is not None
        assert table.listing["Last review on"].to_list() == ["None held"] * 2
        assert table.listing["Reviewed in the quarter"].to_list() == ["No"] * 2


def test_a_figure_that_no_clause_asks_for_is_said_to_be_for_information() -> None:
    asked = {section.table.name: describe_clause(section)
             for section in content("queens_cross", "health_and_safety_committee").sections}  # fmt: skip
    assert asked["restrictions"] == "Asked for by clause 12 of the policy."
    assert asked["markers"] == FOR_INFORMATION
    others = {section.clause for section in content("united_welsh", "senior_management").sections}
    assert others == {""}
    book = load_workbook(io.BytesIO(build_committee_workbook(content("united_welsh", "senior_management"))))
    assert all(FOR_INFORMATION in {row[0].value for row in sheet} for sheet in book.worksheets[3:-2])
    assert [sheet.title for sheet in book.worksheets[-2:]] == ["Notes", "Provenance"]


def test_only_the_landlord_whose_clause_asks_has_the_list() -> None:
    packs = {name: {section.table.name for section in content(name, "senior_management_team").sections}
             for name in ("hanover", "clydebank")}  # fmt: skip
    assert packs["hanover"] - packs["clydebank"] == {"quarterly_reviews"}
    assert packs["clydebank"] - packs["hanover"] == {"named_staff"}


def test_fragments_hold_each_sentence_table_and_chart() -> None:
    """Hanover 8.1: the figures go inside two other reports."""
    made = content("hanover", "audit_performance_and_risk", with_charts=True)
    found = build_fragments(made, PAPER)
    assert found == build_fragments(made, PAPER)
    text = found["sentences.txt"].decode()
    pieces = [section for section in made.sections if section.sentences]
    assert pieces and all(sentence in text for section in pieces for sentence in section.sentences)
    with ZipFile(io.BytesIO(found["fragments.docx"])) as parts:
        document, names = parts.read("word/document.xml").decode(), parts.namelist()
    charts = [section.chart for section in pieces if section.chart is not None]
    assert len([name for name in names if name.startswith("word/media/")]) == len(charts) > 1
    assert document.count("<w:tbl>") == len(pieces) and document.count("<w:drawing>") == len(charts)
    assert all(f'r:embed="rIdPicture{number}"' in document for number in range(1, len(charts) + 1))
