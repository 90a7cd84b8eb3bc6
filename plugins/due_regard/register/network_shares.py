"""On which kind of filesystem a path lies: SQLite's locks do not hold on network shares.

Add a kind to NETWORK when one is met; keep what is done about it out.
"""

from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath

NETWORK = frozenset({
    *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "afpfs", "ceph", "davfs", "davfs2", "webdav"),
    *("glusterfs", "lustre", "ncpfs", "ocfs2", "beegfs", "gpfs", "fuse.glusterfs", "fuse.sshfs", "fuse.rclone"),
    *("fuse.s3fs", "fuse.davfs2", "fuse.gvfsd-fuse"),
})
"""Filesystem types, as the kernel names them, that are shared over a network."""

_MOUNTS = Path("/proc/self/mounts")


def find_network_share(path: Path, mounts: str | None = None) -> str | None:
    """The kind of network share that `path` lies on, or None for a local disk.

    Args:
        path: a file or folder; it need not exist.
        mounts: the mount table in the form of /proc/mounts; by default this machine's.
    """
    if str(path).startswith(("\\\\", "//")) or _is_windows_share(path):
        return "UNC path"
    if mounts is None:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace") if _MOUNTS.exists() else ""
    found, kind = "", ""
    resolved = path.resolve()
    for fields in (line.split() for line in mounts.splitlines()):
        point = fields[1].encode().decode("unicode_escape")  # the kernel writes a space as \040
        if resolved.is_relative_to(point) and len(point) >= len(found):
            found, kind = point, fields[2]
    return kind if kind in NETWORK else None


def _is_windows_share(path: Path) -> bool:
    """Whether Windows calls the path's drive a remote one."""
    if sys.platform != "win32":
        return False
    import ctypes

    remote = 4
    return bool(ctypes.windll.kernel32.GetDriveTypeW(PureWindowsPath(path).anchor) == remote)
