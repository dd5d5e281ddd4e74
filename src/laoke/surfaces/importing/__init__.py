"""Bringing a retailer's files in: orders, members, products, stores."""

from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.outcome import Outcome
from laoke.surfaces.importing.run import Request, run

__all__ = ["Kind", "Outcome", "Request", "run"]
