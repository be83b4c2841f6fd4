"""A transaction is all or nothing, and SQLite's refusals become one line with a remedy."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from photolib.catalogue import Catalogue, filesystem_of, is_network
from photolib.catalogue import Test as Check
from photolib.config import Settings
from photolib.errors import CatalogueError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.catalogue.conftest import Shelf


def _writable_by_others(library: Settings) -> bool:
    with closing(sqlite3.connect(library.catalogue_path, timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        other.rollback()
        return True


@pytest.mark.parametrize("reason", [ValueError, KeyboardInterrupt, GeneratorExit, SystemExit])
def test_any_exception_undoes_everything(
    catalogue: Catalogue, library: Settings, shelf: Shelf, reason: type[BaseException]
) -> None:
    folder_id = shelf.folder()

    def batch() -> None:
        with catalogue.transaction():
            catalogue.set_setting("encoder", "new")
            shelf.folder(b"/other")
            catalogue.folders.set_state(folder_id, "offline")
            shelf.photo()
            raise reason

    with pytest.raises(reason):
        batch()
    assert catalogue.setting("encoder") is None
    assert [(row.path, row.state) for row in catalogue.folders.all()] == [(b"/photos", "online")]
    assert sum(catalogue.photos.by_state().values()) == 0
    assert _writable_by_others(library)


def test_a_job_closed_in_the_middle_of_a_batch_leaves_nothing_of_it(
    catalogue: Catalogue, library: Settings
) -> None:
    def job() -> Iterator[None]:
        catalogue.set_setting("first", "kept")
        with catalogue.transaction():
            catalogue.set_setting("second", "lost")
            yield

    running = job()
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert (catalogue.setting("first"), catalogue.setting("second")) == ("kept", None)
    assert _writable_by_others(library)


def test_a_transaction_inside_another_commits_with_it(catalogue: Catalogue) -> None:
    with contextlib.suppress(ValueError), catalogue.transaction():
        with catalogue.transaction():
            catalogue.set_setting("inner", "lost")
        raise ValueError
    assert catalogue.setting("inner") is None
    with catalogue.transaction(), catalogue.transaction():
        catalogue.set_setting("inner", "kept")
    assert catalogue.setting("inner") == "kept"


def test_an_interrupt_while_waiting_for_the_lock_leaves_no_transaction_open(
    catalogue: Catalogue, library: Settings
) -> None:
    """Python delivers the interrupt when SQLite returns, with the lock in its hands."""
    other = sqlite3.connect(library.catalogue_path, check_same_thread=False, isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")

        def interrupt_then_let_go() -> None:
            os.kill(os.getpid(), signal.SIGINT)
            other.execute("ROLLBACK")

        timer = threading.Timer(0.2, interrupt_then_let_go)
        timer.start()
        with pytest.raises(KeyboardInterrupt), catalogue.transaction():
            catalogue.set_setting("name", "lost")
        timer.join()
    assert _writable_by_others(library)
    assert catalogue.setting("name") is None


def test_threads_that_write_at_once_lose_nothing(catalogue: Catalogue) -> None:
    catalogue.set_setting("count", "0")

    def add_one(_: int) -> None:
        with catalogue.transaction():
            catalogue.set_setting("count", str(int(catalogue.setting("count") or 0) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(200)))
    assert catalogue.setting("count") == "200"


def _count_up(library: Settings) -> None:
    with closing(Catalogue(library)) as catalogue:
        for _ in range(50):
            with catalogue.transaction():
                catalogue.set_setting("count", str(int(catalogue.setting("count") or 0) + 1))


def test_processes_that_write_at_once_lose_nothing(library: Settings) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_count_up, args=(library,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 3
    with closing(Catalogue(library)) as catalogue:
        assert catalogue.setting("count") == "150"


def test_others_see_a_change_only_when_it_is_committed(
    catalogue: Catalogue, library: Settings
) -> None:
    with closing(Catalogue(library)) as other:
        before = other.data_version()
        with catalogue.transaction():
            catalogue.set_setting("name", "new")
            assert other.setting("name") is None
            assert other.data_version() == before
        assert other.setting("name") == "new"
        assert other.data_version() != before


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files through /proc")
def test_threads_that_have_ended_leave_no_file_open(
    catalogue: Catalogue, library: Settings
) -> None:
    def open_files() -> int:
        name = str(library.catalogue_path)
        links = [os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd")]
        return sum(os.path.islink(link) and os.readlink(link).startswith(name) for link in links)

    for _ in range(20):
        thread = threading.Thread(target=catalogue.photos.by_state)
        thread.start()
        thread.join()
    assert open_files() <= 6
    catalogue.close()
    assert open_files() == 0


def test_a_closed_catalogue_leaves_one_file(library: Settings) -> None:
    with closing(Catalogue(library)) as catalogue:
        catalogue.set_setting("name", "value")
    assert [path.name for path in library.library.iterdir()] == [library.catalogue_path.name]


# --- what SQLite and the disk refuse -----------------------------------------------------------


def test_a_file_that_is_no_database_is_named_with_a_remedy(library: Settings) -> None:
    library.library.mkdir()
    library.catalogue_path.write_bytes(b"GIF89a" * 1000)
    with pytest.raises(CatalogueError, match="not a database") as failure:
        Catalogue(library)
    assert str(library.catalogue_path) in failure.value.message
    assert "backup" in failure.value.hint


def test_a_damaged_catalogue_is_named_with_a_remedy(library: Settings) -> None:
    Catalogue(library).close()
    with library.catalogue_path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40 * 4096)
    with pytest.raises(CatalogueError, match="malformed") as failure:
        Catalogue(library)
    assert "restore" in failure.value.hint


def test_a_directory_that_cannot_be_made_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match="file") as failure:
        Catalogue(Settings(library=tmp_path / "file" / "library"))
    assert "--library" in failure.value.hint


@contextlib.contextmanager
def _without_privileges() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
def test_a_read_only_directory_is_named_with_a_remedy() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        library = Settings(library=Path(name) / "library")
        Catalogue(library).close()
        os.chmod(library.catalogue_path, 0o444)
        os.chmod(library.library, 0o555)
        try:
            with _without_privileges(), pytest.raises(CatalogueError) as failure:
                Catalogue(library)
        finally:
            os.chmod(library.library, 0o755)
    assert "library directory" in failure.value.hint


def test_a_locked_catalogue_is_named_with_a_remedy(
    catalogue: Catalogue, library: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photolib.catalogue.database.BUSY_TIMEOUT", 0.05)
    with closing(Catalogue(library)) as other, catalogue.transaction():
        with pytest.raises(CatalogueError, match="locked") as failure:
            other.set_setting("name", "value")
        assert "try again" in failure.value.hint


FILL = """
import resource, sys
from pathlib import Path
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.errors import CatalogueError
catalogue = Catalogue(Settings(library=Path(sys.argv[1])))
catalogue.set_setting("kept", "yes")
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, unlimited[1]))
try:
    with catalogue.transaction():
        catalogue.set_setting("first", "small")
        for number in range(100):
            catalogue.set_setting(str(number), "x" * 1_000_000)
except CatalogueError as exc:
    print(exc.hint)
resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
catalogue.set_setting("later", "yes")
print([catalogue.setting(name) for name in ("kept", "first", "later")])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_a_full_disk_undoes_the_batch_and_keeps_the_rest(library: Settings) -> None:
    command = [sys.executable, "-c", FILL, str(library.library)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    hint, kept = done.stdout.splitlines()
    assert "everything committed so far is kept" in hint
    assert kept == "['yes', None, 'yes']"


def test_a_value_that_sqlite_cannot_hold_is_refused_in_our_words(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    shelf.photo()
    with pytest.raises(CatalogueError) as failure:
        catalogue.set_setting("name", "caf\udce9")
    assert failure.value.hint
    with pytest.raises(CatalogueError) as failure:
        catalogue.photos.matching(Check("iso from", (10**30,)))
    assert failure.value.hint


def test_an_unknown_id_is_not_found(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="album 99"):
        catalogue._database.update("album", 99, {"name": "Holidays"})
    with pytest.raises(NotFound, match="folder 99"):
        catalogue.folders.relocate(99, b"/x", "/x", 1)


# --- network mounts ----------------------------------------------------------------------------

MOUNTS = rb"""
overlay / overlay rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export /home/ann/Pictures nfs4 rw 0 0
//nas/photos /mnt/my\040nas cifs rw 0 0
//nas/odd /mnt/back\134slash\011tab smb3 rw 0 0
systemd-1 /auto autofs rw 0 0
nas:/auto /auto nfs rw 0 0
me@host: /home/ann/\xe9t\xe9 fuse.sshfs rw 0 0
""".lstrip()


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mount table above in place of this machine's."""
    table = tmp_path / "mounts"
    table.write_bytes(MOUNTS.replace(rb"\xe9", b"\xe9"))

    def opened(path: str, **options: str) -> object:
        assert path == "/proc/self/mounts"
        return table.open(**options)  # type: ignore[call-overload]

    monkeypatch.setattr("photolib.catalogue.database.open", opened, raising=False)
    monkeypatch.setattr("sys.platform", "linux")


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/home/ann/library", "ext4", False),
        ("/home/ann/Pictures", "nfs4", True),
        ("/home/ann/Pictures/a/b", "nfs4", True),
        ("/home/ann/Pictures2", "ext4", False),
        ("/mnt/my nas/library", "cifs", True),
        ("/mnt/back\\slash\ttab/library", "smb3", True),
        ("/auto/library", "nfs", True),
        (os.fsdecode(b"/home/ann/\xe9t\xe9/library"), "fuse.sshfs", True),
        ("/anywhere", "overlay", False),
    ],
)
def test_the_mount_that_holds_a_path_decides(path: str, kind: str, network: bool) -> None:
    assert filesystem_of(path) == kind
    assert is_network(kind) == network


def test_a_library_on_a_network_mount_is_refused(
    library: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photolib.catalogue.database.filesystem_of", lambda _: "nfs4")
    with pytest.raises(CatalogueError, match=r"network mount \(nfs4\)") as failure:
        Catalogue(library)
    assert "local disk" in failure.value.hint
    assert not library.catalogue_path.exists()
