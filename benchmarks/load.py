"""A load generator for HTTP on loopback: raw keep-alive connections, as little work per request as Python allows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What a run of load brought: seconds, latencies of each request in ms, answers by status."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies_ms) / self.seconds

    def percentile(self, share: float) -> float:
        """Latency that `share` of the requests stayed below, ms."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Client(asyncio.Protocol):
    def __init__(
        self, requests: Iterator[bytes], result: Result, until: float, done: Callable[[], None]
    ) -> None:
        self._requests, self._result, self._until, self._done = requests, result, until, done
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        self._sent = time.perf_counter()
        if self._sent >= self._until:
            self._transport.close()
            return
        try:
            self._transport.write(next(self._requests))  # type: ignore[attr-defined]
        except StopIteration:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at >= 0:
            end = lower.find(b"\r\n", at)
            length = int(lower[at + 15 : end if end > 0 else None])
            if len(body) < length:
                return
        elif not body.endswith(b"0\r\n\r\n"):
            return
        self._result.latencies_ms.append((time.perf_counter() - self._sent) * 1000)
        status = int(head[9:12])
        self._result.statuses[status] = self._result.statuses.get(status, 0) + 1
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._done()


def run(
    host: str, port: int, clients: int, seconds: float, requests: Callable[[int], Iterator[bytes]]
) -> Result:
    """Send requests over `clients` connections for `seconds`; each connection has one request under way at a time."""

    async def go() -> Result:
        result = Result()
        loop = asyncio.get_running_loop()
        open_ones, all_done = clients, loop.create_future()

        def done() -> None:
            nonlocal open_ones
            open_ones -= 1
            if not open_ones and not all_done.done():
                all_done.set_result(None)

        begun = time.perf_counter()
        for number in range(clients):
            source = requests(number)
            await loop.create_connection(
                lambda s=source: _Client(s, result, begun + seconds, done), host, port
            )
        await all_done
        result.seconds = time.perf_counter() - begun
        return result

    return asyncio.run(go())


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One request as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
