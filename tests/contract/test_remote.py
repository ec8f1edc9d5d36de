"""The remote platform and its faults: nothing is written twice, and unknown is never absent."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings

from reconciler.core.affected import ConnectedTo
from reconciler.core.errors import PlatformError, StalePlan
from reconciler.core.model import ResourceKey
from reconciler.core.normalise import normalise
from reconciler.ports import SealedSecret
from reconciler.testing import MemoryUnit, app_event, integration, operation, removal, workflow
from reconciler.testing.factories import key_of
from reconciler.testing.remote import Fault, RemoteServer
from tests import project
from tests.contract.remote_world import RemoteWorld
from tests.plugins import RemoteProcess
from tests.properties.environments import environments

DEV = "development"
SYNC = ResourceKey("Workflow", "sync-contacts")
CHANGED = workflow(title="Changed")
CHANGE = operation(CHANGED, expected=workflow())
EDITED = "Edited by somebody else"
FOUR = [integration(), app_event(), workflow(), workflow("report")]


def runs(world: RemoteWorld) -> Mapping[ResourceKey, Any]:
    """Return the titles of what runs, read when all goes well."""
    world.server.faults.clear()
    platform = world.platform(DEV)
    contents = platform.contents(platform.observe().digests)
    return {key: content["spec"]["title"] for key, content in contents.items()}


def actions(world: RemoteWorld) -> list[str]:
    """Return what clients changed so far, one word for each effect."""
    return [each["action"] for each in world.control.effects()]


def written(world: RemoteWorld, *contents: Mapping[str, Any]) -> None:
    """Write resources while all goes well."""
    for content in contents or (workflow(),):
        world.platform(DEV).write(operation(content))


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        ({"fault": "lost-request"}, False),
        ({"fault": "status", "status": 500}, False),
        ({"fault": "status", "status": 503, "retry_after": 7}, False),
        ({"fault": "garbage"}, False),
        ({"fault": "refuse", "seconds": 0}, False),
        ({"fault": "hang", "seconds": 20}, False),
        ({"fault": "lost-reply"}, True),
        ({"fault": "cut-reply"}, True),
        ({"fault": "status", "status": 502, "arrived": True}, True),
        ({"fault": "slow-reply", "seconds": 20}, True),
    ],
    ids=lambda given: given["fault"] if isinstance(given, dict) else "",
)
@pytest.mark.parametrize("planned", [operation(workflow("new")), CHANGE, removal(workflow())])
def test_a_write_without_an_answer_is_sent_once(
    remote: RemoteWorld, fault: dict[str, Any], arrives: bool, planned: Any
) -> None:
    """Whether a lost write arrived is left open; the same write again ends in one effect."""
    written(remote)
    remote.server.faults.add(**fault, on="write")
    platform = remote.platform(DEV, timeout=0.2)
    with pytest.raises(PlatformError, match="may have arrived"):
        platform.write(planned)

    assert len(actions(remote)) == 1 + arrives
    remote.server.faults.clear()
    remote.platform(DEV).write(planned)
    assert len(actions(remote)) == 2
    assert remote.platform(DEV).observe().digests.get(planned.key) == planned.digest


def test_what_was_refused_did_not_arrive(remote: RemoteWorld) -> None:
    """Too many requests is an answer: the write did not take place, and nothing is in doubt."""
    remote.server.faults.add("status", status=429, on="write")
    with pytest.raises(PlatformError, match="answered 429") as caught:
        written(remote)

    assert "may have arrived" not in str(caught.value)
    assert actions(remote) == []


def test_half_a_request_changes_nothing(remote: RemoteWorld) -> None:
    """A client that dies while it writes leaves what was there: no body is not an empty one."""
    written(remote)
    where = urlsplit(remote.server.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as client:
        head = "PUT /environments/development/resources/r-1 HTTP/1.1\r\nHost: here\r\n"
        client.sendall(f"{head}Content-Length: 500\r\n\r\n".encode())
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert client.recv(100) == b""

    assert actions(remote) == ["create"]
    assert runs(remote) == {SYNC: "sync-contacts"}


def test_nothing_is_in_doubt_where_nobody_listens(remote: RemoteWorld) -> None:
    """A refused connection sent nothing; the server started again remembers everything."""
    written(remote)
    remote.server.stop()
    with pytest.raises(PlatformError, match="cannot be reached: connection refused") as caught:
        remote.platform(DEV, attempts=2).write(CHANGE)
    with pytest.raises(PlatformError, match="cannot be reached"):
        remote.platform(DEV, attempts=2).observe()
    remote.server.start()

    assert "may have arrived" not in str(caught.value)
    assert runs(remote) == {SYNC: "sync-contacts"}


def test_a_server_that_is_away_for_a_moment_comes_back(remote: RemoteWorld) -> None:
    """Connections are refused for as long as was told, and answered again after it."""
    written(remote)
    remote.server.faults.add("refuse", on="write", seconds=0.5)
    with pytest.raises(PlatformError, match="may have arrived"):
        remote.platform(DEV).write(CHANGE)
    with pytest.raises(PlatformError, match="connection refused"):
        remote.platform(DEV, attempts=1).observe()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(PlatformError):
            remote.platform(DEV).write(CHANGE)
            break

    assert actions(remote) == ["create", "replace"]


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "lost-request", "times": 2},
        {"fault": "lost-reply", "times": 2},
        {"fault": "cut-reply", "times": 2},
        {"fault": "status", "status": 503, "times": 2},
        {"fault": "status", "status": 429, "retry_after": 0, "times": 2},
        {"fault": "garbage", "times": 2},
        {"fault": "hang", "seconds": 20, "times": 1},
        {"fault": "latency", "seconds": 0.02, "times": None},
        {"fault": "status", "probability": 0.5, "seed": 4, "times": None},
    ],
    ids=lambda given: given["fault"],
)
def test_reads_are_tried_again(remote: RemoteWorld, fault: dict[str, Any]) -> None:
    """A read that fails on its way is tried again, and then complete."""
    written(remote, *FOUR)
    remote.server.faults.add(**fault, on="read")
    seen = remote.platform(DEV, timeout=0.5).observe()

    assert (set(seen.digests), seen.complete) == ({key_of(each) for each in FOUR}, True)
    assert remote.control.faults()[0]["struck"] > 0


@pytest.mark.parametrize(
    "fault", [{"fault": "status"}, {"fault": "garbage"}, {"fault": "lost-reply"}]
)
def test_a_platform_that_cannot_be_read_says_so(remote: RemoteWorld, fault: dict[str, Any]) -> None:
    """After a few attempts each reading ends with the reason, and a write is not sent at all."""
    written(remote)
    remote.server.faults.add(**fault, on="read", times=None)
    platform = remote.platform(DEV, attempts=2)
    for ask in (
        platform.observe,
        platform.secret_fingerprints,
        lambda: platform.contents([SYNC]),
        lambda: platform.removed("2030-01-01T00:00:00+00:00"),
        lambda: platform.write(CHANGE),
    ):
        with pytest.raises(PlatformError, match=r"The platform at http://127\.0\.0\.1:\d+ "):
            ask()

    assert actions(remote) == ["create"]


def test_an_incomplete_list_is_told_as_incomplete(remote: RemoteWorld) -> None:
    """A list that ends early, or breaks off, is never taken for all there is."""
    written(remote, *FOUR)
    platform = remote.platform(DEV, attempts=2)
    remote.server.faults.add("short-list", items=1)
    short = platform.observe()
    remote.server.faults.add("status", on="list", after=1, times=2)
    broken = platform.observe()

    assert (len(short.digests), short.complete) == (1, False)
    assert short.reason == "1 of 4 resources were listed"
    assert (len(broken.digests), broken.complete) == (3, False)
    assert broken.reason.startswith("after 3 of 4: The platform at http://127.0.0.1")


def test_contents_that_are_not_known_are_not_absent(remote: RemoteWorld) -> None:
    """Asked for what may run and could not be listed, reading fails rather than leaving it out."""
    names = [workflow(f"w-{number}") for number in range(25)]
    written(remote, *names)
    platform = remote.platform(DEV)
    keys = [key_of(each) for each in names]
    remote.server.faults.add("short-list", items=3)

    with pytest.raises(PlatformError, match="3 of 25 resources were listed"):
        platform.contents(keys)
    assert len(platform.contents(keys[:2])) == 2
    assert len(platform.contents(keys)) == 25


def test_a_list_that_changes_while_it_is_read_is_begun_again(remote: RemoteWorld) -> None:
    """Pages of different moments are not put together."""
    written(remote, *FOUR)
    remote.server.faults.add("churn", after=1)
    seen = remote.platform(DEV).observe()

    assert seen.complete
    assert set(seen.digests) == {key_of(each) for each in FOUR}
    assert list(runs(remote).values()).count(EDITED) == 1
    assert seen.digests == remote.platform(DEV).observe().digests


def test_a_list_that_never_rests_is_incomplete(remote: RemoteWorld) -> None:
    """A list that changes each time it is read is told as incomplete, with nothing in it."""
    written(remote, *FOUR)
    remote.server.faults.add("churn", times=None)
    seen = remote.platform(DEV).observe()

    assert (seen.digests, seen.complete) == ({}, False)
    assert seen.reason == "it changed each time it was read"


@pytest.mark.parametrize("fault", [Fault.EDIT, Fault.DELETE])
@pytest.mark.parametrize("planned", [CHANGE, removal(workflow())])
def test_somebody_who_is_faster_is_not_written_over(
    remote: RemoteWorld, fault: Fault, planned: Any
) -> None:
    """An edit between the look and the write makes it stale, by the version the look returned."""
    written(remote)
    remote.server.faults.add(fault)
    with pytest.raises(StalePlan, match="Workflow/sync-contacts"):
        remote.platform(DEV).write(planned)

    assert runs(remote) == ({SYNC: EDITED} if fault is Fault.EDIT else {})
    assert actions(remote) == ["create"]


def test_a_name_that_was_taken_meanwhile_is_not_written_over(remote: RemoteWorld) -> None:
    """An add that finds the name taken just before it arrives is stale."""
    remote.server.faults.add("edit")
    with pytest.raises(StalePlan, match="Workflow/sync-contacts"):
        written(remote)

    assert runs(remote) == {SYNC: EDITED}


def test_a_deployment_stops_where_it_is_stale(remote: RemoteWorld) -> None:
    """What came before the stale resource stays written, what comes after is not begun."""
    written(remote)
    remote.edit(DEV, workflow(title="By hand"))
    planned = [operation(integration()), CHANGE, operation(app_event())]
    with pytest.raises(StalePlan):
        remote.platform(DEV).deploy(MemoryUnit(), planned, "")

    assert set(runs(remote)) == {SYNC, key_of(integration())}
    assert remote.platform(DEV).transactional is False


def test_a_removed_resource_is_kept_disabled_until_it_is_purged(remote: RemoteWorld) -> None:
    """Removal hides; the same name comes back with its id; a purge forgets it for good."""
    written(remote)
    platform, later = remote.platform(DEV), "2026-02-01T00:00:00+00:00"
    platform.write(removal(workflow()))
    hidden = remote.server.state.find(DEV, *SYNC)
    assert (hidden["enabled"], hidden["archived"]) == (False, True)
    assert platform.removed(later) == (SYNC,)
    assert platform.removed("2026-01-06T09:00:00+00:00") == ()
    platform.write(operation(CHANGED))
    assert remote.server.state.find(DEV, *SYNC)["id"] == hidden["id"]
    assert platform.purge(MemoryUnit(), later) == ()
    platform.write(removal(CHANGED))

    assert platform.purge(MemoryUnit(), later) == (SYNC,)
    assert remote.server.state.find(DEV, *SYNC) is None
    assert platform.give_back(MemoryUnit(), [], [SYNC]) == 0


def test_of_secrets_only_fingerprints_are_sent(remote: RemoteWorld) -> None:
    """The platform is told fingerprints, and nothing where they are what it has."""
    platform = remote.platform(DEV)
    sealed = {"TOKEN": SealedSecret(b"sealed-bytes", "f-1")}
    for _ in range(2):
        platform.give_secrets(MemoryUnit(), sealed)

    assert actions(remote) == ["set"]
    assert platform.secret_fingerprints() == {"TOKEN": "f-1"}
    assert remote.server.state.secrets(DEV) == {"TOKEN": "f-1"}


def test_users_are_unknown_there(remote: RemoteWorld) -> None:
    """A platform that knows no users says so, which is not the same as nobody."""
    platform = remote.platform(DEV)
    query = ConnectedTo(integration="hubspot")

    assert platform.count_affected(query) is None
    assert (list(platform.affected(query)), list(platform.users())) == ([], [])


def test_a_document_that_is_no_manifest_is_read_as_unreadable(remote: RemoteWorld) -> None:
    """What somebody else keeps there under a name is seen, and never breaks the reading."""
    platform = remote.platform(DEV)
    for number, document in enumerate((None, "text", [1], {"metadata": "none"})):
        given = {"kind": "Workflow", "name": f"w-{number}", "document": document}
        remote.control._send("POST", f"/hand/{DEV}", given)
    seen = platform.observe()

    assert len(seen.digests) == 4
    first = ResourceKey("Workflow", "w-0")
    assert platform.contents([first]) == {first: {"unreadable": "it is not a JSON object"}}


def test_each_change_is_one_write_and_one_read(remote: RemoteWorld) -> None:
    """Writing a resource costs one look and one write; what is there already costs one look."""
    written(remote)
    before = len(remote.server.requests)
    remote.platform(DEV).write(CHANGE)
    remote.platform(DEV).write(CHANGE)

    methods = [each["method"] for each in remote.server.requests[before:]]
    assert methods == ["GET", "PUT", "GET"]


def test_a_misspelt_fault_is_refused(remote: RemoteWorld) -> None:
    """A fault that could never strike is refused, so that no test passes by mistake."""
    for wrong in ({"fault": "lost"}, {"fault": "hang", "on": "writes"}, {"fault": "hang", "n": 1}):
        with pytest.raises(ValueError):
            remote.server.faults.add(**wrong)
        with pytest.raises(PlatformError, match="answered 400"):
            remote.control.fault(**wrong)

    assert remote.control.faults() == []


def test_faults_by_chance_are_the_same_in_every_run() -> None:
    """A probability with a seed strikes the same requests each time."""
    struck = []
    for seed in (1, 1, 2):
        with RemoteServer() as server:
            server.faults.add("status", probability=0.5, seed=seed, times=None)
            struck.append([bool(server.faults.take(["write"])) for _ in range(40)])

    assert struck[0] == struck[1] != struck[2]
    assert 10 < sum(struck[0]) < 30


@settings(max_examples=25)
@given(environments())
def test_what_is_written_reads_back_normalised(files: dict[str, str]) -> None:
    """For every valid manifest: normalise(read(write(x))) equals normalise(x)."""
    manifests = [json.loads(text) for path, text in files.items() if text.startswith("{")]
    with RemoteServer(page=2) as server:
        platform = RemoteWorld(server.url).platform(DEV)
        for each in manifests:
            platform.write(operation(each))
        found = platform.contents([key_of(each) for each in manifests])

    wanted = {key_of(each): normalise(each) for each in manifests}
    assert {key: normalise(content) for key, content in found.items()} == wanted


@pytest.fixture
def process(tmp_path: Path) -> Iterator[RemoteProcess]:
    """Yield the remote platform as a process of its own."""
    with RemoteProcess(tmp_path, page=2) as found:
        yield found


def test_a_killed_server_remembers_everything(process: RemoteProcess) -> None:
    """Started again at its address, a killed server has what it had and what it was told."""
    world = RemoteWorld(process.url)
    for each in FOUR:
        world.platform(DEV).write(operation(each))
    world.platform(DEV).give_secrets(MemoryUnit(), {"TOKEN": SealedSecret(b"1", "f-1")})
    before = world.platform(DEV).observe()
    process.restart()

    assert world.platform(DEV).observe() == before
    assert world.platform(DEV).secret_fingerprints() == {"TOKEN": "f-1"}
    assert [each["action"] for each in world.control.effects()] == ["create"] * 4 + ["set"]


def test_faults_are_told_over_http(process: RemoteProcess) -> None:
    """A test in another process tells faults, sees what they struck, and takes them back."""
    world = RemoteWorld(process.url)
    world.control.fault("lost-reply", on="write")
    with pytest.raises(PlatformError, match="may have arrived"):
        world.platform(DEV).write(operation(workflow()))
    struck = [(each["fault"], each["struck"]) for each in world.control.faults()]
    world.control.clear()

    assert struck == [("lost-reply", 1)]
    assert world.control.faults() == []
    assert len(world.control.requests()) == 2


def gone(pid: int) -> bool:
    """Say whether a process ended; one that nobody waited for counts."""
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A server whose parent was killed is gone soon after."""
    script = "import time, tests.plugins as p, pathlib, sys\n"
    script += "r = p.RemoteProcess(pathlib.Path(sys.argv[1]))\n"
    script += "print(r._process.pid, flush=True)\ntime.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=project.ROOT,
    )
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    assert not gone(server)
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 20
    while not gone(server) and time.monotonic() < until:
        time.sleep(0.05)

    assert gone(server)


def test_the_server_ends_when_its_time_is_up() -> None:
    """A server serves for a bounded time, also when nobody ends it."""
    command = [sys.executable, "-m", "reconciler.testing.remote", "--seconds", "0.1"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=project.ROOT, check=True, timeout=30
    )

    assert done.stdout.startswith("http://127.0.0.1:")
