"""Which run a test belongs to: the everyday one (`make test`) or the integration one (`make test-integration`).

A test belongs to the integration run if it needs PostgreSQL (its fixtures say so), or if it stands in `INTEGRATION`,
each with its cause: Airflow's own processes, Great Expectations, kills, whole installations.
Together the two runs are every test; `make test-all` runs both in their long forms.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# The tests are about what is shipped: an own folder that the shell or a .env names must not bear on them.
os.environ["DUE_REGARD_OWN_DIR"] = ""
# A shell that starts the tests in the background lets them ignore Ctrl-C, and what they start, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

INTEGRATION = {
    "tests/alerts/test_bounds.py": "up to 220,000 findings composed",
    "tests/alerts/test_distances.py": "weeks of simulated days a case",
    "tests/alerts/test_going_live.py": "whole services with a mail server",
    "tests/alerts/test_kill.py": "kills a sender, again and again",
    "tests/alerts/test_year.py": "months of simulated days",
    "tests/assessment/test_against_reference.py::test_engine_equals_reference_without_each_column": "40 engine runs",
    "tests/assessment/test_roads.py": "a register and its drops beside the slow reference",
    "tests/benchmarks": "compares four engines",
    "tests/config/test_own_folder.py::test_a_sixth_landlord_lives": "a whole intake with Great Expectations",
    "tests/config/test_own_folder.py::test_own_reports": "a whole run with packs and papers",
    "tests/config/test_strange_own_folder.py": "a run of the tests within the tests",
    "tests/dags/test_clean.py": "starts Airflow's command six times",
    "tests/dags/test_metrics_exported.py": "loads Airflow twice, in processes of their own",
    "tests/dags/test_plugin.py": "starts Airflow three times",
    "tests/demo/test_english_landlord.py::test_its_data_owner": "a whole intake with Great Expectations",
    "tests/demo/test_english_landlord.py::test_its_findings": "a whole intake with Great Expectations",
    "tests/demo/test_samples.py": "reads every sample with Great Expectations",
    "tests/containers": "a Docker engine, and up to an hour",
    "tests/deployment": "compose's settings, the built wheel",
    "tests/intake/test_expectations.py": "Great Expectations",
    "tests/intake/test_no_names_as_installed.py": "whole intakes with Great Expectations",
    "tests/intake/test_rejections.py::test_the_round_through_a_spreadsheet_program": "starts LibreOffice",
    "tests/intake/test_scale.py": "large files",
    "tests/dags/test_fetch_task.py": "a real Airflow, a PostgreSQL server",
    "tests/delivery/test_fetched_database.py": "a PostgreSQL server",
    "tests/delivery/test_fetching_page.py::test_the_first_time": "a whole intake with Great Expectations",
    "tests/delivery/test_fetching_page.py::test_the_login": "a PostgreSQL server",
    "tests/delivery/test_inbox.py": "a server of S3, drops loaded again and again",
    "tests/delivery/test_wrong_places.py": "servers of their own",
    "tests/delivery/test_taken_in.py": "drops loaded, again and again",
    "tests/delivery/test_fetched_remote.py": "servers of their own",
    "tests/delivery/test_sftp_keys.py": "servers of their own",
    "tests/delivery/test_killed_fetch.py": "kills a fetch and a load, again and again",
    "tests/journeys": "whole installations, real Airflow",
    "tests/packs/test_absent.py": "a pack of each landlord and gap",
    "tests/packs/test_annual_attack.py": "registers of two years judged and published, and attacked",
    "tests/packs/test_annual_edition.py": "whole packs for publication",
    "tests/packs/test_attack.py": "an attacker reads every figure of 12 packs",
    "tests/packs/test_build.py": "whole packs, built again and again",
    "tests/packs/test_charts.py": "every chart, drawn",
    "tests/packs/test_checklist.py": "whole workbooks",
    "tests/packs/test_clauses.py": "every landlord's packs",
    "tests/packs/test_conservation.py": "every landlord's packs",
    "tests/packs/test_disclosure.py::test_a_published_workbook_shows": "whole publishable packs",
    "tests/packs/test_disclosure.py::test_a_reader_of_both": "an attacker reads whole packs",
    "tests/packs/test_disclosure.py::test_listings_of_single": "every landlord's publishable tables",
    "tests/packs/test_disclosure.py::test_where_counts": "an attacker reads whole packs",
    "tests/packs/test_engines.py": "both engines",
    "tests/packs/test_native_charts.py": "workbooks with every chart, drawn with matplotlib",
    "tests/packs/test_not_known.py": "whole packs",
    "tests/packs/test_open_figures.py::test_a_planted_change": "1,000 changed files",
    "tests/packs/test_open_figures.py::test_every_figure": "every pack of every landlord built and taken apart",
    "tests/packs/test_other_rule_names.py": "every landlord's packs twice",
    "tests/packs/test_pack_life.py": "packs built again and again",
    "tests/packs/test_paper.py": "papers of every landlord",
    "tests/packs/test_printed_head.py": "several packs a test",
    "tests/packs/test_published_before.py": "publishable packs built again and again",
    "tests/packs/test_quarter_ends.py::test_what_happens_after": "every landlord's tables twice",
    "tests/packs/test_report_duties.py": "whole packs, issued",
    "tests/packs/test_second_way.py": "every figure recomputed in SQL",
    "tests/packs/test_waiting_packs.py": "months of days, and the mails of each",
    "tests/packs/test_withdrawn_records.py": "a pack built again and again",
    "tests/policies/test_exactly_the_dependent_rows_change.py": "an engine run for each term of a policy",
    "tests/register/test_backup.py": "both engines, from each to the other",
    "tests/register/test_kill.py": "kills a load, again and again",
    "tests/register/test_read_only.py::test_the_command_line": "whole processes without root's rights",
    "tests/register/test_rebuilt_runs.py": "runs rebuilt at many instants",
    "tests/register/test_tampering.py": "hundreds of attacks on a whole register",
    "tests/register/test_withdrawn_histories.py": "lives of registers, each judged again and rebuilt",
    "tests/test_audit_heads.py": "whole services",
    "tests/test_bad_input.py::test_a_program_older": "every command on a register of its own",
    "tests/test_bad_input.py::test_a_register_that_cannot_be_reached": "eight registers by nine commands",
    "tests/test_bad_input.py::test_bad_words_end_in": "a hundred whole commands",
    "tests/test_bad_input.py::test_ctrl_c_in_a_real_process": "a whole process, interrupted",
    "tests/test_bad_input.py::test_one_landlords_wrong_settings": "five landlords judged and mailed about",
    "tests/test_case_explanations.py": "takes every landlord's sample in",
    "tests/test_command_line.py::test_a_drop_is_read_through": "a sample read three times",
    "tests/test_command_line.py::test_a_refused_file_wins": "a whole intake with Great Expectations",
    "tests/test_command_line.py::test_bad_input": "one whole intake a case",
    "tests/test_command_line.py::test_open_findings_are": "a whole intake with Great Expectations",
    "tests/test_command_line.py::test_rows_read_are": "a whole intake with Great Expectations",
    "tests/test_command_line.py::test_the_register_gives": "a whole intake with Great Expectations",
    "tests/test_deep_verify.py": "a whole register with a pack, tampered with again and again",
    "tests/test_finding_commands.py::test_a_finding_says_who_owns_it": "a whole intake with Great Expectations",
    "tests/test_judged_again.py": "registers judged again",
    "tests/test_known_drops.py": "every case lived twice, on the fast road and the slow one",
    "tests/test_kept_backups.py": "whole registers restored and proved",
    "tests/test_nightly_proof.py": "registers proved whole",
    "tests/test_pipeline.py": "whole services with Great Expectations",
    "tests/test_query_plans.py::test_alerts_stay_linear": "mails about 10,000 findings composed four times",
    "tests/test_query_plans.py::test_moving_100_000": "110,000 findings moved four times",
    "tests/test_query_plans.py::test_no_statement_of_the_whole": "three days of a whole landlord, and every page",
    "tests/test_record_commands.py": "whole commands",
    "tests/test_register_commands.py": "whole commands on several registers",
    "tests/test_report_failure.py": "services of several landlords",
    "tests/web/test_browser.py": "a real Airflow with FAB, and a browser",
    "tests/web/test_calendar_pages.py": "pages on registers of their own",
    "tests/web/test_decision_pages.py": "pages on registers of their own",
    "tests/web/test_drop_pages.py": "pages on registers of their own",
    "tests/web/test_pack_life_pages.py::test_the_whole_way": "a pack built four times",
    "tests/web/test_pack_pages.py::test_a_real_build": "a whole landlord with a whole pack",
    "tests/web/test_policy_and_audit_pages.py": "pages on registers of their own",
    "tests/web/test_proxy.py": "a real Airflow with FAB behind a TLS proxy",
    "tests/web/test_publishing.py": "whole packs built by services and commands",
    "tests/web/test_record_pages.py": "days of a landlord's drops, runs and mails",
    "tests/web/test_restriction_pages.py": "every landlord's cases as pages",
    "tests/web/test_roles.py": "a real Airflow with FAB",
    "tests/web/test_sign_in.py": "starts FAB's application",
    "tests/web/test_viewing.py": "whole landlords",
}
"""Folder, file or beginning of a test's name -> why it is no everyday test."""

FIRST = "tests/journeys/test_killed_tasks.py"
"""Takes longest, in one Airflow: begun last, it would be waited for alone."""

POSTGRESQL = {"new_postgresql", "shared_postgresql", "postgresql_url"}
ROOT = Path(__file__).resolve().parents[1]


def _is_integration(item: pytest.Item) -> bool:
    name = f"{item.path.relative_to(ROOT).as_posix()}::{item.name}"
    named = any(name.startswith(place) and name[len(place) :][:1] in set("/:_[") | {""} for place in INTEGRATION)
    fixtures = set(getattr(item, "fixturenames", ()))
    params = getattr(getattr(item, "callspec", None), "params", {})
    return (
        named
        or bool(fixtures & POSTGRESQL)
        or any(each == "postgresql" for each in params.values() if isinstance(each, str))
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of the integration run, and begin with what takes longest."""
    for item in items:
        if _is_integration(item):
            item.add_marker(pytest.mark.integration)
    items.sort(key=lambda item: item.path != ROOT / FIRST)
