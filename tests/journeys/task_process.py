"""Does tasks of the DAG files one after the other, each in a process of its own, and can pause one at a statement.

Usage: python -m tests.journeys.task_process, with AIRFLOW_HOME and DUE_REGARD_… in the environment. Each line of its
input is an `Order` as JSON; each line of its output what became of it. Tasks are forked from a process that has
imported everything, as a LocalExecutor's are: a new interpreter would be seconds of imports a try.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

DAGS = Path(__file__).resolve().parents[2] / "dags"


@dataclass(frozen=True)
class Order:
    """One try of one task.

    Attributes:
        dag: id of the DAG.
        task: the task's id.
        params: the run's params.
        now: the instant that the task's clock shows.
        attempt: which try it is, from 1.
        register_url: the register it works on.
        var: the folder it writes.
        pause_at: before which statement to the register it pauses, from 1; 0: it does not.
        folder: where it leaves `paused` and waits for `go`, and leaves its `answer`.
    """

    dag: str
    task: str
    params: dict[str, Any]
    now: str
    attempt: int
    register_url: str
    var: str
    pause_at: int
    folder: str


def do_task(order: Order, task: Any) -> dict[str, Any]:
    """Do the work as Airflow's task runner would: a context in, a result or the retry policy's answer out."""
    os.environ |= {"DUE_REGARD_REGISTER_URL": order.register_url, "DUE_REGARD_VAR_DIR": order.var}
    now = datetime.fromisoformat(order.now)
    task.python_callable.__globals__["CLOCK"] = lambda: now
    context = {
        "ti": SimpleNamespace(dag_id=order.dag, task_id=order.task, run_id="manual__restart"),
        "dag_run": SimpleNamespace(run_type="manual", logical_date=None, run_after=now),
        "params": order.params,
    }
    statements = count_statements(order)
    try:
        task.python_callable(**context)
    except Exception as reason:
        decision = task.retry_policy.evaluate(reason, order.attempt, task.retries)
        said = f"{type(reason).__name__}: {reason}"
        trace = traceback.format_exc()
        return {"error": said, "trace": trace, "retry": decision.action.value != "fail", "statements": len(statements)}
    return {"error": None, "trace": None, "retry": False, "statements": len(statements)}


def count_statements(order: Order) -> list[int]:
    """The statements to any register so far; pauses before the one that is asked for."""
    from sqlalchemy import Engine, event

    seen: list[int] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def note_statement(*_: object) -> None:
        seen.append(1)
        if len(seen) == order.pause_at:
            Path(order.folder, "paused").touch()
            while not Path(order.folder, "go").exists():
                time.sleep(0.02)

    return seen


def main() -> None:
    """Do what each line asks for."""
    from airflow.dag_processing.dagbag import DagBag

    from due_regard.services.preload_packages import preload_heavy_packages

    bag = DagBag(dag_folder=str(DAGS))
    preload_heavy_packages()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        task = bag.dags[order.dag].get_task(order.task)
        answer = Path(order.folder, "answer")
        pid = os.fork()
        if not pid:
            try:
                answer.write_text(json.dumps(do_task(order, task)), encoding="utf-8")
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        terms = {
            "retries": task.retries,
            "retry_delay": task.retry_delay.total_seconds(),
            "backoff": float(task.retry_exponential_backoff),
            "max_retry_delay": task.max_retry_delay.total_seconds(),
        }
        sys.stdout.write(json.dumps(json.loads(answer.read_text(encoding="utf-8")) | terms) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
