"""Mail: building a message, the outbox it waits in, and how it leaves.

What a mail says and to whom is decided by alerts, packs and services; nothing here knows a finding.
"""
