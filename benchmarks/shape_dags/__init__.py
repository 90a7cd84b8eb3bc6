"""The three shapes in which a landlord's work can stand in Airflow, each a DAG file that `benchmarks.shapes` runs.

One chain of DAGs a landlord is what is shipped (`dags/`); `one_chain_each.py` is its like, for tasks that do nothing.
"""
