"""A catalogue is brought up to date wholly or not at all, and never by the wrong photolib."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from photolib.catalogue import Catalogue, PhotoFilter
from photolib.catalogue import Test as Check
from photolib.catalogue.migrations import read_migrations, statements
from photolib.config import data_path
from photolib.errors import CatalogueError, CatalogueTooNew, MigrationFailed

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings

FIRST_ROWS = """
INSERT INTO folder (folder_id, path, display) VALUES (1, CAST('/p' AS BLOB), '/p');
INSERT INTO content (content_id, content_hash, size, format, width, height, camera)
    VALUES (1, x'01', 10, 'JPEG', 4, 3, 'Pentax'), (2, x'02', 10, 'PNG', 3, 4, NULL);
INSERT INTO perceptual (content_id, dhash, phash) VALUES (1, zeroblob(64), zeroblob(64));
INSERT INTO photo (photo_id, folder_id, path, display, size, mtime_ns, content_id, taken_at, rating)
    VALUES (1, 1, CAST('a.jpg' AS BLOB), '/p/a.jpg', 10, 5, 1, '2019-02-03T04:05:06', 4),
           (9, 1, x'6361FE2E706E67', '/p/ca\\xfe.png', 10, 5, 2, '2020-02-03T04:05:06', NULL);
INSERT INTO words (rowid, name) VALUES (1, 'a.jpg');
INSERT INTO model (model_no, model_id, kind, name, dimensions) VALUES (1, 'm', 'encoder', 'M', 2);
INSERT INTO embedding (embedding_id, model_no, kind, content_id, vector)
    VALUES (41, 1, 'photo', 1, x'003C0000');
INSERT INTO model (model_no, model_id, kind, name) VALUES (7, 'd', 'detector', 'D');
INSERT INTO crop (crop_id, content_id, model_no, x, y, w, h, label, confidence)
    VALUES (5, 1, 7, 0, 0, 0.5, 0.5, 'dog', 0.9);
INSERT INTO label (content_id, crop_id, name, provenance) VALUES (1, 5, 'dog', 'accepted');
INSERT INTO neighbour (model_no, content_id, others, similarities) VALUES (1, 1, x'', x'');
INSERT INTO album (album_id, kind, name, named_by, cover_id)
    VALUES (3, 'theme', 'Dogs', 'person', 1);
INSERT INTO album_photo (album_id, photo_id) VALUES (3, 1);
INSERT INTO duplicate_set (set_id, tier, keeper_id, reclaimable) VALUES (6, 'near', 1, 10);
INSERT INTO duplicate_photo (photo_id, set_id, tier, reason) VALUES (1, 6, NULL, 'larger'),
    (9, 6, 'near', 'smaller');
INSERT INTO pair (content_a, content_b, verdict, tier, relation)
    VALUES (1, 2, 'verified', 'near', 'resized');
INSERT INTO problem (folder_id, path, display, outcome, stage, code, reason)
    VALUES (1, CAST('x.jpg' AS BLOB), '/p/x.jpg', 'failed', 'read', 'unreadable', 'truncated');
INSERT INTO album (album_id, kind, name) VALUES (8, 'saved', 'Kept');
INSERT INTO saved_search (album_id, query, seen_change) VALUES (8, 'dogs', 3);
"""


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the released migrations that a test may add to."""
    copy = tmp_path / "migrations"
    shutil.copytree(data_path("migrations"), copy)
    monkeypatch.setattr("photolib.catalogue.data_path", lambda _: copy)
    return copy


def test_a_new_catalogue_has_had_every_migration_in_the_order_of_their_numbers(
    catalogue: Catalogue, library: Settings
) -> None:
    names = [migration.name for migration in read_migrations(data_path("migrations"))]
    assert names == sorted(names)
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert catalogue.schema_version == names[-1]
    assert not library.backups.exists()


def test_opening_twice_changes_nothing(library: Settings) -> None:
    with closing(Catalogue(library)) as first:
        identity = first.identity
    with closing(Catalogue(library)) as second:
        assert second.identity == identity
        assert len(identity[0]) == 32
    assert not library.backups.exists()


def _first_schema(path: Path) -> None:
    """A catalogue as the very first photolib left it, with rows in it."""
    first = read_migrations(data_path("migrations"))[0]
    record = "CREATE TABLE migration (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TEXT)"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as old:
        old.executescript(first.sql + record + ";" + FIRST_ROWS)
        old.execute("INSERT INTO migration VALUES (?, ?, '')", (first.name, first.sha256))
        old.commit()


def test_rows_of_the_first_schema_survive(library: Settings) -> None:
    _first_schema(library.catalogue_path)
    with closing(Catalogue(library)) as catalogue:
        shown = catalogue.photos.window(PhotoFilter(), 0, 10)
        assert [(row.photo_id, row.path) for row in shown] == [
            (9, os.fsdecode(b"/p/ca\xfe.png")),
            (1, "/p/a.jpg"),
        ]
        assert shown[1].rating == 4
        assert catalogue.photos.matching(Check("camera", ("Pentax",))) == [(1, 1)]
        assert catalogue.words.holding(["a"]).tolist() == [1]
        assert catalogue.vectors.load(1, "photo", 2).matrix.tolist() == [[1.0, 0.0]]
        assert [(a.album_id, a.name, a.size) for a in catalogue.albums.page()] == [
            (3, "Dogs", 1),
            (8, "Kept", 0),
        ]
        assert [row.set_id for row in catalogue.duplicates.page()] == [6]
        assert catalogue.problems.count("failed") == 1
        assert catalogue.vectors.last_change() == 3
        assert catalogue.palettes.since(0) == []
        assert catalogue.copies.verified().tolist() == [[1, 2]]
        assert [pair.rules for pair in catalogue.copies.among([1, 2])] == [0]
        assert [todo.content_id for todo in catalogue.copies.unsigned("any")] == [1, 2]
        assert catalogue.vectors.register("c", "copy", "C", 4) == 8
        assert catalogue.regions.labels() == [("dog", 1)]
        assert catalogue.labels.vocabulary() == (set(), set())
        assert [tuple(row) for row in catalogue.searches.saved()] == [(8, "Kept", "dogs", 0, 0)]
        assert catalogue.searches.asked() == []
        with closing(sqlite3.connect(library.catalogue_path)) as plain:
            assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
            assert plain.execute("SELECT count(*) FROM model").fetchone() == (3,)
            referring = "SELECT sql FROM sqlite_master WHERE name = 'embedding'"
            assert "REFERENCES model" in plain.execute(referring).fetchone()[0]
        assert catalogue._database.value("SELECT members FROM album WHERE album_id = 3") == 1


def test_a_migration_keeps_the_rows_and_leaves_a_backup_of_what_was_before(
    library: Settings, migrations: Path
) -> None:
    Catalogue(library).close()
    (migrations / "9000_more.sql").write_text("ALTER TABLE photo ADD COLUMN mood TEXT;")
    with closing(Catalogue(library)) as catalogue:
        assert catalogue.schema_version == "9000_more"
    [backup] = library.backups.iterdir()
    with closing(sqlite3.connect(backup)) as before:
        columns = [row[1] for row in before.execute("PRAGMA table_info (photo)")]
        assert "mood" not in columns
        assert "display" in columns


def test_a_failing_migration_leaves_nothing_and_names_the_backup(
    library: Settings, migrations: Path
) -> None:
    with closing(Catalogue(library)) as catalogue:
        version = catalogue.schema_version
    broken = migrations / "9000_broken.sql"
    broken.write_text("CREATE TABLE mood (name TEXT); DELETE FROM setting; SELECT * FROM nowhere;")
    with pytest.raises(MigrationFailed, match=r"9000_broken.*nowhere") as failure:
        Catalogue(library)
    [backup] = library.backups.iterdir()
    assert str(backup) in failure.value.hint
    broken.unlink()
    with closing(Catalogue(library)) as catalogue:
        assert catalogue.schema_version == version
        assert catalogue.identity[0]
    with closing(sqlite3.connect(library.catalogue_path)) as raw:
        assert not raw.execute("SELECT * FROM sqlite_master WHERE name = 'mood'").fetchall()


def test_a_failing_first_migration_says_that_nothing_was_changed(
    library: Settings, migrations: Path
) -> None:
    (migrations / "0001_first.sql").write_text("CREATE TABLE a (x); CREATE TABLE a (x);")
    with pytest.raises(MigrationFailed) as failure:
        Catalogue(library)
    assert failure.value.hint == "Nothing was changed."
    with closing(sqlite3.connect(library.catalogue_path)) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_no_migration_runs_without_its_backup(library: Settings, migrations: Path) -> None:
    with closing(Catalogue(library)) as catalogue:
        version = catalogue.schema_version
    (migrations / "9000_more.sql").write_text("CREATE TABLE mood (name TEXT);")
    library.backups.write_text("a file where the directory should be")
    with pytest.raises(MigrationFailed, match="no backup") as failure:
        Catalogue(library)
    assert failure.value.hint
    library.backups.unlink()
    (migrations / "9000_more.sql").unlink()
    with closing(Catalogue(library)) as catalogue:
        assert catalogue.schema_version == version


def test_a_newer_catalogue_is_refused_untouched(library: Settings, migrations: Path) -> None:
    (migrations / "9000_more.sql").write_text("CREATE TABLE mood (name TEXT);")
    Catalogue(library).close()
    (migrations / "9000_more.sql").unlink()
    before = library.catalogue_path.read_bytes()
    with pytest.raises(CatalogueTooNew, match="9000_more") as failure:
        Catalogue(library)
    assert failure.value.hint
    assert library.catalogue_path.read_bytes() == before


def test_an_altered_migration_is_refused(library: Settings, migrations: Path) -> None:
    Catalogue(library).close()
    with (migrations / "0001_first.sql").open("a") as file:
        file.write("-- altered\n")
    with pytest.raises(CatalogueError, match="0001_first") as failure:
        Catalogue(library)
    assert failure.value.hint


def test_line_ends_of_a_checkout_do_not_alter_a_migration(
    library: Settings, migrations: Path
) -> None:
    Catalogue(library).close()
    first = migrations / "0001_first.sql"
    first.write_bytes(first.read_bytes().replace(b"\n", b"\r\n"))
    Catalogue(library).close()


OPEN = """
import sys
from pathlib import Path
from photolib.catalogue import Catalogue
from photolib.config import Settings
catalogue = None
print("ready", flush=True)
sys.stdin.readline()
catalogue = Catalogue(Settings(library=Path(sys.argv[1])))
print(catalogue.identity[0])
"""


def test_processes_that_create_a_catalogue_at_once_share_it(library: Settings) -> None:
    command = [sys.executable, "-c", OPEN, str(library.library)]
    pipe = subprocess.PIPE
    openers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("\n")
        opener.stdin.flush()
    identities = {opener.communicate()[0] for opener in openers}
    assert [opener.returncode for opener in openers] == [0] * 4
    assert len(identities) == 1


def test_a_catalogue_that_another_connection_is_creating_is_waited_for(
    library: Settings,
) -> None:
    """Going over to the write-ahead log does not wait for a lock by itself."""
    library.library.mkdir(parents=True)
    with closing(sqlite3.connect(library.catalogue_path, check_same_thread=False)) as other:
        other.executescript("CREATE TABLE early (x); DROP TABLE early; BEGIN IMMEDIATE;")
        release = threading.Timer(0.3, other.rollback)
        release.start()
        Catalogue(library).close()
        release.join()


TRIGGER = """CREATE TRIGGER t AFTER INSERT ON a BEGIN
    UPDATE a SET x = CASE x WHEN 1 THEN ';' END; DELETE FROM b; END;"""


@pytest.mark.parametrize(
    "expected",
    [
        [],
        ["CREATE TABLE a (x);"],
        ["INSERT INTO a VALUES ('x;y''');", 'INSERT INTO "p;q" VALUES (1);'],
        ["-- one; two\nCREATE TABLE a (x);", "/* three; four */ CREATE TABLE b (x);"],
        [TRIGGER, "SELECT 1;"],
    ],
)
def test_a_script_is_cut_where_statements_end(expected: list[str]) -> None:
    assert list(statements("\n ;\n".join(expected))) == expected


def test_the_last_semicolon_may_be_missing_and_comments_may_follow() -> None:
    with closing(sqlite3.connect(":memory:")) as scratch:
        for statement in statements("CREATE TABLE a (x); CREATE TABLE b (x) -- the end; really"):
            scratch.execute(statement)
        for statement in statements("CREATE TABLE c (x);\n-- the end"):
            scratch.execute(statement)
        assert scratch.execute("SELECT count(*) FROM sqlite_master").fetchone() == (3,)


def test_an_unfinished_statement_fails_instead_of_being_left_out(
    library: Settings, migrations: Path
) -> None:
    script = "CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a;"
    (migrations / "9000_unfinished.sql").write_text(script)
    with pytest.raises(MigrationFailed, match="9000_unfinished"):
        Catalogue(library)
