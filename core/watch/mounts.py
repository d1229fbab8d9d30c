"""On what a folder lies: a disk of this computer, one that comes and goes, or a network's."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "coda", "davfs", "drvfs", "fuse.davfs2", "fuse.glusterfs",
        "fuse.gvfsd-fuse", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs",
        "fuse.vmhgfs-fuse",
        "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "prl_fs", "smb3", "smbfs", "vboxsf",
        "virtiofs", "vmhgfs",
    }
)  # fmt: skip
"""Other computers' changes on these give no file event here."""
_STABLE = frozenset({"apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "overlay"})
_STABLE_TOO = frozenset({"reiserfs", "tmpfs", "ufs", "xfs", "zfs"})
_COMING_AND_GOING = tuple(Path(p) for p in ("/media", "/mnt", "/run/media", "/Volumes"))
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a file system is mounted, and its kind (`ext4`, `nfs`); "" where unknown."""

    point: Path
    kind: str

    @property
    def network(self) -> bool:
        """Whether other computers may change it without an event here."""
        return self.kind in _NETWORK

    @property
    def removable(self) -> bool:
        """Whether it may be away some day while its empty folder stays."""
        if self.point == Path(self.point.anchor):
            return False
        return self.network or any(place in self.point.parents for place in _COMING_AND_GOING)

    @property
    def steady_inodes(self) -> bool:
        """Whether a file keeps its inode number for life; FAT and many network ones do not."""
        return self.kind in _STABLE or self.kind in _STABLE_TOO


def mount_of(folder: Path, table: Path = _MOUNTS) -> Mount:
    """Return the mount that an existing folder lies on."""
    point = _mount_point(folder.resolve())
    if sys.platform == "darwin":
        return Mount(point, "apfs" if point == Path("/") else "")
    return Mount(point, _kinds(table).get(str(point), ""))


def _mount_point(folder: Path) -> Path:
    while not folder.is_mount() and folder != folder.parent:
        folder = folder.parent
    return folder


def _kinds(table: Path) -> dict[str, str]:
    """Return the kind by mount point; of several mounted over each other the last one counts."""
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        front, _, back = os.fsdecode(line).partition(" - ")
        words, kind = front.split(" "), back.split(" ")[0]
        if len(words) > 4 and kind:
            found[_ESCAPE.sub(lambda match: chr(int(match[1], 8)), words[4])] = kind
    return found
