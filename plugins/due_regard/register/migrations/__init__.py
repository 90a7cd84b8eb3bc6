"""How the register's schema came to be: env.py for Alembic, protection.py for row-level security, versions/ in order.

A revision states its operations in full and never imports the models: it must do the same in ten years.
"""
