"""Services: what the command line, the DAGs and the pages call, one module a verb.

Here the rooms meet: a service opens settings and register once, calls them and returns a JSON-safe result.
"""
