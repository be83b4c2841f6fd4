"""One process at a time runs a long job, and a dead one never keeps the others out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from photolib.catalogue import Catalogue
from photolib.errors import CatalogueError, LeaseHeld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.config import Settings

fcntl = pytest.importorskip("fcntl")

HOLD = """
import sys
from pathlib import Path
from photolib.catalogue import Catalogue
from photolib.config import Settings
catalogue = Catalogue(Settings(library=Path(sys.argv[1])))
with catalogue.leases.hold("ingest"):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""


@pytest.fixture
def holder(catalogue: Catalogue, library: Settings) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease ``ingest`` until a line is sent to it."""
    command = [sys.executable, "-c", HOLD, str(library.library)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def _let_go(holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    holder.stdin.write("\n")
    holder.stdin.flush()


def test_a_lease_is_for_one_process(catalogue: Catalogue, holder: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(LeaseHeld, match=rf"ingest job \(process {holder.pid} "),
        catalogue.leases.hold("ingest"),
    ):
        pass
    [row] = catalogue.leases.held()
    assert (row.name, row.pid) == ("ingest", holder.pid)
    with catalogue.leases.hold("watch"):
        assert {row.name for row in catalogue.leases.held()} == {"ingest", "watch"}


def test_a_lease_is_for_one_thread(catalogue: Catalogue) -> None:
    with catalogue.leases.hold("ingest"), pytest.raises(LeaseHeld):
        with catalogue.leases.hold("ingest"):
            pass
    with catalogue.leases.hold("ingest") as lease:
        lease.check()


def test_waiting_ends_when_the_holder_lets_go(
    catalogue: Catalogue, holder: subprocess.Popen[str]
) -> None:
    timer = threading.Timer(0.2, _let_go, [holder])
    timer.start()
    with catalogue.leases.hold("ingest", wait=30) as lease:
        lease.check()
        assert [row.pid for row in catalogue.leases.held()] == [os.getpid()]
    timer.join()


def test_a_killed_holder_frees_its_lease(
    catalogue: Catalogue, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    assert catalogue.leases.held() == []
    with catalogue.leases.hold("ingest") as lease:
        lease.check()


def test_a_failing_job_frees_its_lease(catalogue: Catalogue) -> None:
    with pytest.raises(KeyboardInterrupt), catalogue.leases.hold("ingest"):
        raise KeyboardInterrupt
    assert catalogue.leases.held() == []


def test_asking_who_holds_a_lease_keeps_nobody_out(
    catalogue: Catalogue, library: Settings, holder: subprocess.Popen[str]
) -> None:
    """Whether a lease is held is found out by trying its lock, for an instant."""
    holder.kill()
    holder.wait()
    handles = [os.open(library.leases / "ingest.lock", os.O_RDWR) for _ in range(2)]
    fcntl.flock(handles[0], fcntl.LOCK_SH)
    assert catalogue.leases.held() == []
    fcntl.flock(handles[1], fcntl.LOCK_SH)

    def answered() -> None:
        for handle in handles:
            os.close(handle)

    timer = threading.Timer(0.06, answered)
    timer.start()
    with catalogue.leases.hold("ingest") as lease:
        lease.check()
    timer.join()


def test_a_holder_that_was_overtaken_is_stopped_at_its_next_batch(
    catalogue: Catalogue, library: Settings
) -> None:
    """As when somebody tidies the lock files away under a running job."""
    with closing(Catalogue(library)) as other, catalogue.leases.hold("ingest") as old:
        (library.leases / "ingest.lock").unlink()
        with other.leases.hold("ingest") as new:
            assert new.fence > old.fence
            with pytest.raises(LeaseHeld, match="taken over"), catalogue.transaction():
                old.check()
            new.check()


def test_an_overtaken_holder_that_ends_does_not_hide_the_new_one(
    catalogue: Catalogue, library: Settings
) -> None:
    with closing(Catalogue(library)) as other:
        with catalogue.leases.hold("ingest"):
            (library.leases / "ingest.lock").unlink()
            taking = other.leases.hold("ingest")
            taking.__enter__()
        assert [row.name for row in other.leases.held()] == ["ingest"]
        taking.__exit__(None, None, None)
        assert other.leases.held() == []


def test_a_directory_that_cannot_be_written_is_named_with_a_remedy(
    catalogue: Catalogue, library: Settings
) -> None:
    library.leases.write_text("a file where the directory should be")
    with pytest.raises(CatalogueError) as failure, catalogue.leases.hold("ingest"):
        pass
    assert str(library.leases) in failure.value.message
    assert failure.value.hint


def test_waiting_gives_up_in_time(catalogue: Catalogue, holder: subprocess.Popen[str]) -> None:
    started = time.monotonic()
    with pytest.raises(LeaseHeld), catalogue.leases.hold("ingest", wait=0.2):
        pass
    assert time.monotonic() - started >= 0.2
