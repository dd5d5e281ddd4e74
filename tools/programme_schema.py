"""Write docs/reference/programme.schema.json from the documents and the vocabulary.

python tools/programme_schema.py           writes the schema
python tools/programme_schema.py --check   writes nothing; ends with 1 when it is not as it should be
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FILE = Path(__file__).parent.parent / "docs" / "reference" / "programme.schema.json"


def made() -> str:
    """The schema as the code makes it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "laoke.project.settings")
    import django

    django.setup()
    from laoke.checkout import programme_schema

    return programme_schema.text()


if __name__ == "__main__":
    text = made()
    if "--check" in sys.argv[1:]:
        sys.exit(FILE.read_text(encoding="utf-8") != text)
    FILE.write_text(text, encoding="utf-8")
