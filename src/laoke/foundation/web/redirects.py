"""Where a form may lead back to."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(wanted: str, otherwise: str) -> str:
    """`wanted` when it is a path of this site, else `otherwise`: no link may lead to a stranger's page from here."""
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here and wanted.isprintable() else otherwise
