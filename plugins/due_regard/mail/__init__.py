"""Mail: one builder of every mail, its sentences, the outbox it waits in, and how it leaves.

Alerts, packs and services decide what a mail says and to whom; nothing here reads a finding or a pack.
"""
