"""`python -m laoke.surfaces.worker`"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "laoke.project.settings")
django.setup()

from laoke.surfaces.worker.main import main  # noqa: E402 - needs the settings

main()
