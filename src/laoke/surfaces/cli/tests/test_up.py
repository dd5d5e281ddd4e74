"""`laoke up` as real processes: one at a time, an address that is free, and nothing left behind."""

from __future__ import annotations

import signal
import socket
import time
import urllib.request

import psutil
import pytest

# Ten seconds are promised on a machine that has time; here others run their tests beside.
SECONDS_TO_END = 20

pytestmark = pytest.mark.faults


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2):
            return True
    except OSError as error:
        # Any answer will do: it is the process that is looked for.
        return hasattr(error, "code")


def await_answer(port: int, process) -> None:
    deadline = time.monotonic() + 30
    while not answers(port):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "it did not come up"
        time.sleep(0.2)


def of_home(home) -> list[str]:
    """Every process that works for this home."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        environment, command = process.info["environ"] or {}, " ".join(process.info["cmdline"] or ())
        if environment.get("LAOKE_HOME") == str(home) or str(home) in command:
            found.append(command)
    return found


def gone_within(home, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := of_home(home)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


@pytest.fixture
def started(installation):
    """Start commands; whatever of them still lives at the end is killed."""
    processes = []

    def start(*arguments: str, **more: str):
        processes.append(installation.start(*arguments, **more))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_one_at_a_time_and_nothing_left_behind(installation, started):
    port = free_port()
    first = started("up", LAOKE_PORT=str(port), LAOKE_WEB_WORKERS="1")
    await_answer(port, first)
    second = installation.run("up", LAOKE_PORT=str(free_port()))
    assert second.returncode == 2
    assert f"Laoke runs already. From {installation.home}, as process {first.pid}" in second.stderr
    # Commands share the database that runs already.
    assert installation.run("user", "list").returncode == 0
    first.send_signal(signal.SIGTERM)
    assert first.wait(SECONDS_TO_END) == 0
    assert gone_within(installation.home, 1) == []
    assert "No directory at" not in first.stderr.read()


def test_ctrl_c_ends_it_too(installation, started):
    port = free_port()
    process = started("up", LAOKE_PORT=str(port), LAOKE_WEB_WORKERS="1")
    await_answer(port, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS_TO_END) == 0
    assert gone_within(installation.home, 1) == []


def test_a_killed_one_takes_web_and_worker_along(installation, started):
    port = free_port()
    killed = started("up", LAOKE_PORT=str(port), LAOKE_WEB_WORKERS="1")
    await_answer(port, killed)
    killed.kill()
    killed.wait()
    # The database it used has nobody left to stop it; the next command does.
    assert installation.run("user", "list").returncode == 0
    assert gone_within(installation.home, 10) == []


@pytest.mark.parametrize("command", [["up"], ["demo", "--members", "100"]])
def test_a_taken_port_is_said_before_anything_is_started(installation, command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = installation.run(*command, LAOKE_PORT=str(port))
    assert refused.returncode == 2
    assert f"Port {port} is taken by another program. Choose another one" in refused.stderr
    assert of_home(installation.home) == []


def test_a_strange_host_is_said_in_a_sentence(installation):
    refused = installation.run("up", LAOKE_HOST="203.0.113.7")
    assert refused.returncode == 2
    assert "LAOKE_HOST: 203.0.113.7 cannot be listened on" in refused.stderr


def test_ctrl_c_while_something_is_built_stops_it(installation, started):
    building = started("demo", "--members", "3000", "--only-build")
    line = building.stderr.readline()
    while "registering" not in line:
        assert line, "it ended before it began"
        line = building.stderr.readline()
    building.send_signal(signal.SIGINT)
    assert building.wait(SECONDS_TO_END) == 130
    assert building.stderr.read().strip().endswith("Stopped.")
    assert gone_within(installation.home, 1) == []
