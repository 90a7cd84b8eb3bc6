"""Settings: lists are written with commas or as JSON, and a wrong one is said in a line."""

from __future__ import annotations

from typing import get_origin

import pytest
from pydantic import ValidationError

from due_regard.__main__ import main
from due_regard.config.settings import Settings

LISTS = {"mail_allow": ("me@x.example", "you@x.example"), "landlords": ("one", "two")}


def test_every_list_setting_is_tried_here() -> None:
    lists = {name for name, field in Settings.model_fields.items() if get_origin(field.annotation) in {tuple, list}}
    assert lists == set(LISTS)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("written", "count"),
    [("{0}", 1), ("{0},{1}", 2), (" {0} , {1}, ", 2), ('["{0}"]', 1), (' ["{0}", "{1}"]', 2), ("", 0), ("[]", 0)],
)
def test_a_list_is_written_with_commas_or_as_json(
    name: str, written: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DUE_REGARD_{name.upper()}", written.format(*LISTS[name]))
    assert getattr(Settings(), name) == LISTS[name][:count]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("written", ['["{0}"', "[{0}]", "{0};{1}", ",", "[1]", "{0},B C", '{{"a": 1}}'])
def test_a_wrong_list_is_said_in_one_line(
    name: str, written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"DUE_REGARD_{name.upper()}", written.format(*LISTS[name]))
    assert main(["silences"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"due-regard: settings are wrong: DUE_REGARD_{name.upper()}")
    assert said.err.count("\n") == 1
    assert LISTS[name][0] not in said.err


def test_no_error_of_the_settings_shows_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUE_REGARD_MAIL_ALLOW", "secret words")
    with pytest.raises(ValidationError) as failed:
        Settings()
    assert "secret words" not in str(failed.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://airflow.landlord.example", "https://airflow.landlord.example"),
        (" https://airflow.landlord.example/ ", "https://airflow.landlord.example"),
        ("http://127.0.0.1:8080/a/b/", "http://127.0.0.1:8080/a/b"),
        ("https://a.example/dué regard", "https://a.example/du%C3%A9%20regard"),
        ("", None),
        (" ", None),
    ],
)
def test_the_address_of_the_pages(written: str, read: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUE_REGARD_BASE_URL", written)
    assert Settings().base_url == read


@pytest.mark.parametrize(
    "written",
    ["airflow.example", "ftp://a.example", "https://", "https://a b.example", "javascript:alert(1)", "/due-regard"]
    + [f"https://{rest}" for rest in ("me:SECRET@a.example", "SECRET@a.example", "a.example?t=SECRET", "a.example/#x")],
)
def test_a_wrong_address_of_the_pages_is_said_in_one_line(
    written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUE_REGARD_BASE_URL", written)
    assert main(["silences"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("due-regard: settings are wrong: DUE_REGARD_BASE_URL: ") and said.count("\n") == 1
    assert "https://airflow.landlord.example" in said and "SECRET" not in said
