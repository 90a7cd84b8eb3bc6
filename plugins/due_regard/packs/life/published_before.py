"""What the publishable editions on record showed and hid: whoever read them knows it for good.

Every edition built counts, issued or not: a file that was written may have been passed on.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from due_regard.packs.content.disclosure_control import PublishedBefore
from due_regard.register.schema.pack_tables import PackRow


def read_published_before(conn: Connection, landlord: str) -> PublishedBefore:
    """What `landlord` has published; of a figure that has changed, what was shown last."""
    query = select(PackRow.published).where(PackRow.landlord == landlord, PackRow.edition == "publishable")
    shown: dict[str, float] = {}
    hidden: set[str] = set()
    for published in conn.scalars(query.order_by(PackRow.id)):
        for name, value in (published or {}).items():
            if value is None:
                hidden.add(name)
            else:
                shown[name] = value
    return PublishedBefore(shown, frozenset(hidden))
