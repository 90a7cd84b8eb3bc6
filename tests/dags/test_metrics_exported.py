"""The DAG `metrics` reaches a real StatsD listener and a real OTLP receiver by Airflow's own metrics."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from demo.place import drop_foreign_variables
from due_regard.config.settings import Settings
from due_regard.register import load_drop, record_assessment
from due_regard.services.landlord_context import open_landlord_register
from tests.register.drops import accepted, appeal, assessments, drop
from tests.test_metrics import NOW

LANDLORD = "hanover"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An installation of one landlord with two open findings, its figures asked for."""
    settings = Settings(var_dir=tmp_path / "var")
    with open_landlord_register(settings, LANDLORD, upgrade=True) as engine:
        load_drop(engine, drop(accepted("appeals", [appeal("A1"), appeal("A2")]), landlord=LANDLORD), now=NOW)
        rows = [{"rule": "incident.police", "subject_ref": ref, "state": "breach"} for ref in ("A1", "A2")]
        record_assessment(
            engine, LANDLORD, assessments(rows, LANDLORD), as_at=NOW.date(), now=NOW, policy_version="2020-01-01"
        )
    return drop_foreign_variables("OTEL_") | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "DUE_REGARD_VAR_DIR": str(tmp_path / "var"),
        "DUE_REGARD_LANDLORDS": LANDLORD,
        "DUE_REGARD_METRICS": "true",
        "DUE_REGARD_OWN_DIR": "",
    }


def run_task(env: dict[str, str]) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "tests.dags.run_metrics"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return int(json.loads(done.stdout.splitlines()[-1])["emitted"])


def receive(listener: socket.socket) -> str:
    """The next message; nothing where there is none."""
    try:
        return listener.recv(4096).decode()
    except TimeoutError:
        return ""


def test_statsd_gets_a_gauge_of_each_figure(env: dict[str, str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(1)
        port = listener.getsockname()[1]
        emitted = run_task(
            env
            | {
                "AIRFLOW__METRICS__STATSD_ON": "True",
                "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
                "AIRFLOW__METRICS__STATSD_PORT": str(port),
            }
        )
        # Others of Airflow's come between; what was sent waits in the socket.
        got = list(takewhile(bool, (receive(listener) for _ in range(100))))
    assert len([each for each in got if LANDLORD in each]) == emitted
    assert f"airflow.due_regard.{LANDLORD}.findings_open:2|g" in got
    assert f"airflow.due_regard.{LANDLORD}.drops_loaded:1|g" in got
    assert "airflow.due_regard.landlords_failed:0|g" in got


@contextmanager
def receive_otlp() -> Iterator[tuple[int, list[ExportMetricsServiceRequest]]]:
    """A receiver of OTLP over HTTP: its port, and what it was sent."""
    got: list[ExportMetricsServiceRequest] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/metrics"
            got.append(ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_opentelemetry_gets_each_figure_tagged_with_its_landlord(env: dict[str, str]) -> None:
    """A task's process ends at once, and the library's own last export never comes: the task exports by itself."""
    with receive_otlp() as (port, got):
        run_task(
            env
            | {
                "AIRFLOW__METRICS__OTEL_ON": "True",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{port}/v1/metrics",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_METRIC_EXPORT_INTERVAL": "60000",
            }
        )
    found = {
        metric.name: (point.as_double or point.as_int, {each.key: each.value.string_value for each in point.attributes})
        for request in got
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.gauge.data_points
    }
    assert found[f"airflow.due_regard.{LANDLORD}.findings_open"] == (2, {"landlord": LANDLORD})
    assert f"airflow.due_regard.{LANDLORD}.assessment_age_seconds" in found
