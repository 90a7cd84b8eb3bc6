from tests.register.engines import (  # noqa: F401
    new_postgresql,
    postgresql_url,
    register,
    register_url,
    shared_postgresql,
    sqlite_template,
)
