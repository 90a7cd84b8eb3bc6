"""deploy/helm-values.yaml: what the chart's published schema asks of its values, as read there; nothing was run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url

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
    "workers.livenessProbe.command": list,
    "workers.logGroomerSidecar.enabled": bool,
    "scheduler.replicas": int,
    "scheduler.livenessProbe.command": list,
    "scheduler.startupProbe.command": list,
    "scheduler.logGroomerSidecar.enabled": bool,
    "apiServer.env": list,
    "triggerer.enabled": bool,
    "dagProcessor.enabled": bool,
    "dagProcessor.livenessProbe.command": list,
    "dagProcessor.logGroomerSidecar.enabled": bool,
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


def test_nothing_of_airflows_own_image_is_called_that_ours_lacks() -> None:
    """A worker whose probe cannot be run is killed every few minutes, with the task in hand."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "entrypoint" not in dockerfile and "clean-logs" not in dockerfile
    for pod, probe in (("workers", "liveness"), ("scheduler", "liveness"), ("scheduler", "startup")):
        assert "exec " in VALUES[pod][f"{probe}Probe"]["command"][-1]
    for pod in ("workers", "scheduler", "dagProcessor"):
        assert "/entrypoint" not in str(VALUES[pod])
        assert VALUES[pod]["logGroomerSidecar"] == {"enabled": False}


def test_a_worker_knows_neither_airflows_database_nor_the_key_of_its_connections() -> None:
    """The chart gives both to every pod; a pod's own variables are read after the chart's."""
    given = {each["name"]: each.get("value") for each in VALUES["workers"]["env"]}
    for name in ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW_CONN_AIRFLOW_DB"):
        assert make_url(given[name]).host == "nowhere"
    assert given["AIRFLOW__CORE__FERNET_KEY"] == ""


def test_every_variable_of_airflow_is_one_that_the_containers_have() -> None:
    """Those of docker-compose are held against the installed Airflow (test_compose.py)."""
    compose = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
    known = set(compose["services"]["scheduler"]["environment"])
    given = {each["name"] for place in (VALUES, VALUES["workers"], VALUES["apiServer"]) for each in place["env"]}
    # The chart's own name for the database; the pool's slots, which docker-compose sets by a command.
    beside = {"AIRFLOW_CONN_AIRFLOW_DB", "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT", "AIRFLOW__CORE__FERNET_KEY"}
    assert {name for name in given if name.startswith("AIRFLOW")} - known == beside


def test_the_page_says_that_nothing_was_run() -> None:
    assert "Nothing on this page was run" in (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
