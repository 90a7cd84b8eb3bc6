"""Customers who are not there: no two of them, and none of them and a case, are taken for one another."""

from __future__ import annotations

import numpy as np

from due_regard.packs.content.crossed_records import MARK, add_crossed_records
from due_regard.packs.content.customer_places import CustomerPlaces
from due_regard.records.canonical import ENTITIES, Records
from tests.packs.varied import make_varied_records


def make_numbered_records(seed: int) -> Records:
    """Records of a system that counts each kind from 0: a customer, an incident and a restriction share a number."""
    records = make_varied_records(seed, most=20)
    for name, frame in records.items():
        refs = [column for column in frame.columns if column.endswith("_ref")]
        bare = {column: frame[column].str.replace(r"^[A-Z]{2}(?=\d)", "", regex=True) for column in refs}
        records[name] = frame.assign(**bare)
    return records


def test_references_of_each_kind_stay_unique_where_kinds_share_numbers() -> None:
    records = make_numbered_records(3)
    shared = set(records["customers"]["customer_ref"]) & set(records["incidents"]["incident_ref"])
    assert shared & set(records["restrictions"]["restriction_ref"])
    crossed = add_crossed_records(records)
    for entity in ENTITIES:
        refs = crossed[entity.name][entity.key]
        assert entity.name == "staff" or refs.is_unique
        assert set(records[entity.name][entity.key]) == {ref for ref in refs if MARK not in ref}


def test_every_case_finds_its_customer_where_kinds_share_numbers() -> None:
    crossed = add_crossed_records(make_numbered_records(3))
    places = CustomerPlaces(crossed)
    known = crossed["customers"]["customer_ref"]
    numbers = dict(zip(known, places.find_places(known), strict=True))
    for name, key in (("incidents", "incident_ref"), ("restrictions", "restriction_ref")):
        cases = crossed[name][crossed[name]["customer_ref"].isin(known)]
        assert len(cases)
        expected = np.array([numbers[ref] for ref in cases["customer_ref"]])
        assert (places.find_places(cases[key]) == expected).all()
