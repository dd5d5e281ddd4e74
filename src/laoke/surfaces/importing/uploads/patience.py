"""Reading what somebody sends, but not for longer than is sensible.

The server waits for a sender as long as the connection lasts, and a thread with it. A read that is under way cannot be
taken back, nor may it be left behind in another thread: the server closes the body when the view has answered, and all
of its process waits then. So the connection itself is ended for reading when a piece does not come.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from laoke.surfaces.importing.uploads.errors import UploadStalled

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How long one piece may take, and how fast all of it has to come on the whole: a telephone network manages that.
PIECE = 4096
PIECE_SECONDS = 20.0
GRACE_SECONDS = 30.0
LEAST_RATE = 32 << 10  # bytes a second
_LOOK_EVERY = 1.0  # seconds
_RECEIVED = slice(128, 136)  # tcpi_bytes_received in Linux' struct tcp_info
_INTERNET = {socket.AF_INET, socket.AF_INET6}


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at its end."""


class Patient(io.RawIOBase):
    """A stream that gives up on a sender who stalls.

    Args:
        sender: the address the request comes from; its connections that bring nothing are ended when it stalls.
    """

    def __init__(self, source: Readable, sender: str) -> None:
        super().__init__()
        self._source = source
        self._sender = sender
        self._begun = time.monotonic()
        self._got = 0
        self._since: float | None = None  # when the read under way began
        self._stalled = False
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="upload", daemon=True).start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer, or a part of it; 0 at the end.

        Raises:
            UploadStalled: the next piece does not come, or all of it too slowly; and whatever the source raises.
        """
        now = time.monotonic()
        if now - self._begun > GRACE_SECONDS + self._got / LEAST_RATE:
            raise UploadStalled
        view = memoryview(buffer)
        self._since = now
        try:
            piece = self._source.read(min(len(view), PIECE))
        except Exception:
            if self._stalled:
                raise UploadStalled from None
            raise
        finally:
            self._since = None
        if self._stalled:
            raise UploadStalled
        self._got += len(piece)
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Nobody reads any more."""
        self._over.set()
        super().close()

    def _watch(self) -> None:
        seen: dict[int, int] = {}
        of: float | None = None
        while not self._over.wait(_LOOK_EVERY):
            since = self._since
            if since is None:
                continue
            if since != of:
                seen, of = _received(self._sender), since
            elif time.monotonic() - since > PIECE_SECONDS:
                self._stalled = True
                for number, count in _received(self._sender).items():
                    # Idle connections of the same address may be among them: they are opened again when needed.
                    if count >= self._got and count - seen.get(number, 0) <= PIECE:
                        _end_reading(number)


def _received(sender: str) -> dict[int, int]:
    """Bytes that have come by each connection of an address, by its descriptor."""
    found = {}
    if sys.platform == "linux":
        for path in Path("/proc/self/fd").iterdir():
            with suppress(OSError, ValueError), _borrowed(int(path.name)) as one:
                internet = one.family in _INTERNET and one.type == socket.SOCK_STREAM
                if internet and one.getpeername()[0] == sender:
                    told = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED.stop)
                    found[int(path.name)] = int.from_bytes(told[_RECEIVED], sys.byteorder)
    return found


def _end_reading(descriptor: int) -> None:
    with suppress(OSError), _borrowed(descriptor) as one:
        one.shutdown(socket.SHUT_RD)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """A socket of somebody else, left open. A copy of the descriptor would do, but copies of locks hold the lock."""
    one = socket.socket(fileno=descriptor)
    try:
        yield one
    finally:
        one.detach()
