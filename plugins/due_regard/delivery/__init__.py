"""Exports fetched where they lie: a folder, an SFTP server, a bucket, a container, a database, and the inbox.

Add a module when a kind of place must be fetched from. A drop is copied here, never read: what its files say is
intake's, which drop is loaded the register's.
"""
