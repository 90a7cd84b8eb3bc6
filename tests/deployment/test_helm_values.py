"""deploy/helm-values.yaml: what the chart's published schema asks of its values, as read there; nothing was run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from due_regard.config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
VALUES: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8"))
SCHEMA = {
    "executor": str,
    "airflowVersion": str,
    "airflowHome": str,
    "images.airflow.repository": str,
    "images.airflow.tag": str,
    "images.airflow.pullPolicy": str,
    "images.migrationsWaitTimeout": int,
    "data.metadataSecretName": str,
    "data.resultBackendSecretName": str,
    "data.brokerUrlSecretName": str,
    "fernetKeySecretName": str,
    "apiSecretKeySecretName": str,
    "jwtSecretName": str,
    "postgresql.enabled": bool,
    "redis.enabled": bool,
    "redis.passwordSecretName": str,
    "env": list,
    "volumes": list,
    "volumeMounts": list,
    "securityContexts.pod": dict,
    "securityContexts.container": dict,
    "workers.replicas": int,
    "workers.args": list,
    "workers.env": list,
    "workers.persistence.enabled": bool,
    "workers.persistence.size": str,
    "workers.terminationGracePeriodSeconds": int,
    "workers.resources": dict,
    "scheduler.replicas": int,
    "apiServer.env": list,
    "triggerer.enabled": bool,
    "dagProcessor.enabled": bool,
    "createUserJob.useHelmHooks": bool,
    "migrateDatabaseJob.enabled": bool,
    "statsd.enabled": bool,
    "networkPolicies.enabled": bool,
}
"""Every value that is set, with its type as chart/values.schema.json of apache/airflow has it."""


def find_leaves(values: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        path = f"{above}{name}"
        whole = path in SCHEMA or not isinstance(value, dict)
        found |= {path: value} if whole else find_leaves(value, f"{path}.")
    return found


def test_every_value_is_one_that_the_chart_knows_in_its_type() -> None:
    assert {path: type(value) for path, value in find_leaves(VALUES).items()} == SCHEMA


@pytest.mark.parametrize("place", ["env", "workers", "apiServer"])
def test_variables_are_written_as_the_schema_takes_them(place: str) -> None:
    """For all pods a name and a text; for one kind of pod also a key of a secret, and no other source."""
    given = VALUES["env"] if place == "env" else VALUES[place]["env"]
    for each in given:
        allowed = [{"name", "value"}] if place == "env" else [{"name", "value"}, {"name", "valueFrom"}]
        assert set(each) in allowed, each
        assert isinstance(each.get("value", ""), str), each
        assert set(each.get("valueFrom", {"secretKeyRef": 1})) == {"secretKeyRef"}
        if each["name"].startswith("DUE_REGARD_"):
            assert each["name"].removeprefix("DUE_REGARD_").lower() in Settings.model_fields


def test_no_secret_stands_in_the_file_and_each_is_named_at_its_head() -> None:
    text = (ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8")
    head, _, body = text.partition("\nexecutor:")
    asked = set(re.findall(r"(?:SecretName: |secretKeyRef: \{name: )([\w-]+)", body)) | set(
        re.findall(r"SecretName: ([\w-]+)", body)
    )
    assert asked == set(re.findall(r"due-regard-(?!shared)[\w-]+", head)) - {"due-regard-shared"}
    assert not re.search(r"(?i)password: \S|://\w+:\w+@", body)


def test_what_machines_must_share_lies_on_what_all_of_them_mount() -> None:
    given = {each["name"]: each["value"] for each in VALUES["env"]}
    (mount,) = [each["mountPath"] for each in VALUES["volumeMounts"]]
    for name in ("FILES_URL", "DROPS_DIR", "HEADS_DIR", "OWN_DIR"):
        assert given[f"DUE_REGARD_{name}"].startswith(mount)
    assert not given["DUE_REGARD_VAR_DIR"].startswith(mount)
    assert "DUE_REGARD_MACHINE=$HOSTNAME" in VALUES["workers"]["args"][-1]


def test_the_page_says_that_nothing_was_run() -> None:
    assert "Nothing on this page was run" in (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
