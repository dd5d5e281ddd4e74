"""The server's settings, for one machine that also runs everything else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MIB = 1024 * 1024

# The user's own file: written once, never touched again. Later lines win, so theirs win over ours.
USER_CONF = """\
# Laoke writes its settings into laoke.conf at every start; do not edit that file.
# What you set below this line wins over it and survives updates.
include_if_exists 'laoke.conf'

"""

HBA_CONF = """\
# Every connection proves itself with a password, through the socket too.
# TYPE  DATABASE  USER  ADDRESS        METHOD
local   all       all                  scram-sha-256
host    all       all   127.0.0.1/32   scram-sha-256
host    all       all   ::1/128        scram-sha-256
"""


def server_conf(*, memory_mib: int, shared_memory_mib: int, log: Path, fast_and_loose: bool) -> str:
    """The text of laoke.conf.

    Args:
        memory_mib: memory this machine (or container) has, in MiB.
        shared_memory_mib: size of /dev/shm in MiB; a container often has 64, too few for parallel queries.
        log: folder of the server's log.
        fast_and_loose: give up safety after a crash for speed. For test sessions only.
    """
    settings = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "password_encryption": "scram-sha-256",
        "shared_buffers": f"{min(max(memory_mib // 8, 128), 1024)}MB",
        "effective_cache_size": f"{max(memory_mib // 2, 256)}MB",
        "maintenance_work_mem": f"{min(max(memory_mib // 32, 64), 256)}MB",
        "work_mem": "8MB",
        "dynamic_shared_memory_type": "posix" if shared_memory_mib >= 256 else "mmap",
        "huge_pages": "try",
        "random_page_cost": "1.1",
        "jit": "off",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_completion_target": "0.9",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "iso, ymd",
        "default_text_search_config": "pg_catalog.simple",
        # The log: one file per weekday, each overwritten a week later.
        "logging_collector": "on",
        "log_directory": str(log),
        "log_filename": "postgresql-%a.log",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        "log_min_duration_statement": "1s",
        # No personal data in the log: no parameters, no rows quoted in details, no statements of failed commands.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
    if fast_and_loose:
        settings |= {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "shared_buffers": "128MB",
            "min_wal_size": "80MB",
            "autovacuum": "off",
        }
    lines = (f"{name} = {_quoted(value)}" for name, value in settings.items())
    return (
        "# Written by laoke at every start. Set your own values in postgresql.conf.\n"
        + "\n".join(lines)
        + "\n"
    )


def memory_mib() -> int:
    """Memory this machine has, or, where that is less, this container."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            whole = min(whole, int(limit.read_text()))
        except (OSError, ValueError):
            continue
    return whole // MIB


def shared_memory_mib() -> int:
    """Size of the shared memory's file system; as good as unlimited where there is none."""
    shared = Path("/dev/shm")  # noqa: S108
    return shutil.disk_usage(shared).total // MIB if shared.is_dir() else 1024


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
