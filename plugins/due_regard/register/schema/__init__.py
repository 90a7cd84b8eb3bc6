"""The register's schema: its tables as SQLAlchemy models, their column types, and the revisions that create them."""
