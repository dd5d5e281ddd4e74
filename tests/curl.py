"""As much of curl as the tutorial uses, for machines without it: -s, -X, -H, -d and an address."""

from __future__ import annotations

import argparse
import http.client
from urllib.parse import urlsplit


def main() -> None:
    """Send one request and print the body of the answer."""
    options = argparse.ArgumentParser()
    options.add_argument("-s", action="store_true")
    options.add_argument("-X", dest="method")
    options.add_argument("-H", dest="headers", action="append", default=[])
    options.add_argument("-d", dest="body")
    options.add_argument("address")
    asked = options.parse_args()
    parts = urlsplit(asked.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(
        asked.method or ("GET" if asked.body is None else "POST"),
        parts.path + (f"?{parts.query}" if parts.query else ""),
        None if asked.body is None else asked.body.encode(),
        dict(header.split(": ", 1) for header in asked.headers),
    )
    print(connection.getresponse().read().decode(), end="")  # noqa: T201


if __name__ == "__main__":
    main()
