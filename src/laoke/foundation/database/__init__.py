"""The database: Laoke's own PostgreSQL, or the one that DATABASE_URL names. No Django in here."""

from laoke.foundation.database.backup import Manifest, Progress, dump, read_manifest, restore
from laoke.foundation.database.cluster import Cluster, ClusterStatus, running
from laoke.foundation.database.configure import available, parse_url, resolve
from laoke.foundation.database.target import DatabaseTarget

__all__ = [
    "Cluster",
    "ClusterStatus",
    "DatabaseTarget",
    "Manifest",
    "Progress",
    "available",
    "dump",
    "parse_url",
    "read_manifest",
    "resolve",
    "restore",
    "running",
]
