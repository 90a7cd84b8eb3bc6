"""An Airflow plugin of the benchmarks: each task's process writes down when it came how far, and its processor time.

Airflow finds it in the plugins folder that `orchestration_airflow` makes, next to the product's own. Airflow calls
it in the task's process: when that has forked, before the task's function is called, after it, and at the end.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import psutil
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

FOLDER = os.environ.get("BENCHMARK_CLOCK_DIR", "")
"""Where each process has a file of its own; nothing is written without it."""


def _note(what: str, task: Any = None) -> None:
    if not FOLDER:
        return
    said = {"what": what, "at": time.time(), "processor": time.process_time()}
    if what == "forked":
        said["born"] = psutil.Process().create_time()
    if task is not None:
        said |= {"dag": task.dag_id, "task": task.task_id, "run": task.run_id}
    with (Path(FOLDER) / f"{os.getpid()}-{psutil.Process().create_time():.2f}.jsonl").open("a") as file:
        file.write(json.dumps(said) + "\n")


class _Clock:
    @hookimpl
    def on_starting(self, component: object) -> None:
        if type(component).__name__ == "TaskRunnerMarker":
            _note("forked")

    @hookimpl
    def on_task_instance_running(self, previous_state: object, task_instance: object) -> None:
        _note("called", task_instance)

    @hookimpl
    def on_task_instance_success(self, previous_state: object, task_instance: object) -> None:
        _note("returned", task_instance)

    @hookimpl
    def on_task_instance_skipped(self, previous_state: object, task_instance: object) -> None:
        _note("returned", task_instance)

    @hookimpl
    def before_stopping(self, component: object) -> None:
        if type(component).__name__ == "TaskRunnerMarker":
            _note("ended")


class ClockPlugin(AirflowPlugin):
    """Registered by Airflow when it finds this file in its plugins folder."""

    name = "due_regard_benchmark_clock"
    listeners = [_Clock()]  # noqa: RUF012 - Airflow reads a plain class attribute
