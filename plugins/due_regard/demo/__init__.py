"""The whole pipeline run once, for real: Airflow's server and scheduler on this machine, on the sample drops.

Add here what `due-regard demo` needs to start, follow, report and stop that run. What the run does is in the DAGs and
in pipeline.py; Airflow itself is only ever another process, spoken to over its public API.
"""

from due_regard.demo.run import run_demo, stop_demo

__all__ = ["run_demo", "stop_demo"]
