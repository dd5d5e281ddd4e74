"""`python -m laoke` is `laoke`."""

from laoke.surfaces.cli.main import run

run()
