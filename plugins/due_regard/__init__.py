"""Due Regard: a landlord's register of contact restrictions, held to its own policy."""

__version__ = "0.1.0"
