"""`python -m laoke.surfaces.cli` is `laoke`."""

from laoke.surfaces.cli.main import run

run()
