"""Reading from a sender who may stall: given up after a while, and nothing is left that reads."""

from __future__ import annotations

import io
import socket
import threading
import time

import pytest

from laoke.surfaces.importing.uploads import patience
from laoke.surfaces.importing.uploads.errors import UploadStalled
from laoke.surfaces.importing.uploads.patience import Patient


class Connected:
    """What a server reads from a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, size: int, /) -> bytes:
        return self._sock.recv(size)


@pytest.fixture
def connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        receiver, _address = server.accept()
        # A server has sockets of other kinds too.
        one, other = socket.socketpair()
        with sender, receiver, one, other:
            yield sender, receiver


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(patience, "PIECE_SECONDS", 0.3)
    monkeypatch.setattr(patience, "_LOOK_EVERY", 0.05)


def test_everything_that_is_sent_is_read():
    data = bytes(range(256)) * 5_000
    with io.BufferedReader(Patient(io.BytesIO(data), "")) as stream:
        assert stream.readline() == data[: data.index(b"\n") + 1]
        assert stream.read() == data[data.index(b"\n") + 1 :]
        assert stream.read(10) == b""


def test_who_stalls_is_given_up_and_no_thread_is_left(connection):
    sender, receiver = connection
    sender.sendall(b"abc")
    begun = time.monotonic()
    with io.BufferedReader(Patient(Connected(receiver), "127.0.0.1")) as stream:
        assert stream.read(3) == b"abc"
        with pytest.raises(UploadStalled):
            stream.read(1)
    assert time.monotonic() - begun < 3
    receiver.sendall(b"too slow")  # an answer can still be given
    assert sender.recv(8) == b"too slow"
    time.sleep(0.2)
    assert not [thread for thread in threading.enumerate() if thread.name == "upload"]


def test_who_sends_a_drop_now_and_then_is_given_up_too(monkeypatch):
    class Dripping:
        def read(self, size: int, /) -> bytes:
            time.sleep(0.02)
            return b"x"

    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.2)
    with io.BufferedReader(Patient(Dripping(), "")) as stream, pytest.raises(UploadStalled):
        stream.read()


def test_what_the_connection_raises_is_raised():
    class Broken:
        def read(self, size: int, /) -> bytes:
            raise OSError("reset")

    with io.BufferedReader(Patient(Broken(), "")) as stream, pytest.raises(OSError, match="reset"):
        stream.read(1)


def test_connections_of_others_and_busy_ones_are_left_alone(connection):
    """What brings bytes meanwhile is not the one that stalls."""
    _silent, receiver = connection
    with socket.create_server(("127.0.0.1", 0)) as server:
        busy = socket.create_connection(server.getsockname())
        other, _address = server.accept()
        with busy, other, io.BufferedReader(Patient(Connected(receiver), "127.0.0.1")) as stream:
            threading.Timer(0.15, lambda: busy.sendall(b"y" * 20_000)).start()
            with pytest.raises(UploadStalled):
                stream.read(1)
            got = b""
            while len(got) < 20_000:
                got += other.recv(65_536)
            busy.sendall(b"more")
            assert other.recv(4) == b"more"
