"""The register in a browser: pages that people read and act on, behind Airflow's login.

One module for each group of pages; a page's content is a service's result, so that the command line can say the same.
"""
