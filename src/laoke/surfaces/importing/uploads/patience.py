"""Reading what somebody sends, but not for longer than is sensible.

The server waits for a sender as long as the connection lasts, and a thread of it with it; nothing can take it back from
there. So another thread reads, and whoever needs the pieces waits for them as long as they may take. A sender that is
given up keeps that other thread, which does nothing, until the connection ends; there may be few of those.
"""

from __future__ import annotations

import io
import threading
import time
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Protocol

from laoke.surfaces.importing.uploads.errors import UploadBusy, UploadStalled

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How long one piece may take, and how fast all of it has to come on the whole: a telephone network manages that.
PIECE = 1 << 16
PIECE_SECONDS = 20.0
GRACE_SECONDS = 30.0
LEAST_RATE = 32 << 10  # bytes a second
_MOST_GIVEN_UP = 8
_given_up = threading.Semaphore(_MOST_GIVEN_UP)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""


class Patient(io.RawIOBase):
    """A stream that gives up on a sender who stalls.

    Raises:
        UploadBusy: too many senders that were given up are still connected.
    """

    def __init__(self, source: Readable) -> None:
        super().__init__()
        self._over = threading.Event()
        if not _given_up.acquire(blocking=False):
            raise UploadBusy
        self._source = source
        self._pieces: Queue[bytes | BaseException] = Queue(maxsize=4)
        self._left = b""
        self._ended = False
        self._begun = time.monotonic()
        self._got = 0
        threading.Thread(target=self._fetch, name="upload", daemon=True).start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer, or a part of it; 0 at the end.

        Raises:
            UploadStalled: the next piece does not come, or all of it too slowly; and whatever the source raises.
        """
        view = memoryview(buffer)
        if not self._left and not self._ended:
            self._left = self._next()
        found, self._left = self._left[: len(view)], self._left[len(view) :]
        view[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Nobody reads any more."""
        self._over.set()
        super().close()

    def _next(self) -> bytes:
        if time.monotonic() - self._begun > GRACE_SECONDS + self._got / LEAST_RATE:
            raise UploadStalled
        try:
            piece = self._pieces.get(timeout=PIECE_SECONDS)
        except Empty:
            raise UploadStalled from None
        if isinstance(piece, BaseException):
            self._ended = True
            raise piece
        self._ended = not piece
        self._got += len(piece)
        return piece

    def _fetch(self) -> None:
        try:
            while not self._over.is_set():
                piece: bytes | BaseException
                try:
                    piece = self._source.read(PIECE)
                except Exception as error:  # the reader is told
                    piece = error
                while not self._over.is_set():
                    try:
                        self._pieces.put(piece, timeout=1.0)
                    except Full:
                        continue
                    break
                if not piece or isinstance(piece, BaseException):
                    return
        finally:
            _given_up.release()
