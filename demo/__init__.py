"""The whole pipeline run once, for real: Airflow's server and scheduler on this machine, on the sample drops.

Add here what `make demo` needs to start, follow, report and stop that run. What the run does is in the DAGs and
in services/; Airflow itself is only ever another process, spoken to over its public API.
"""

from demo.run import run_demo, stop_demo

__all__ = ["run_demo", "stop_demo"]
