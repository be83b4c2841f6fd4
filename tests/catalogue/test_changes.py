"""The change log tells an index what it has missed, or that it must be built anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue
    from tests.catalogue.conftest import Shelf


def test_embeddings_added_and_deleted_are_told_once_each(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    model = shelf.encoder()
    kept, lost = shelf.photo(folder_id=shelf.folder()), shelf.photo(folder_id=shelf.folder(b"/b"))
    start = catalogue.vectors.last_change()
    for photo_id in (kept, lost):
        shelf.embed(model, shelf.content_of(photo_id))
    ids = catalogue.vectors.load(model, "photo", 4).ids.tolist()
    changes = catalogue.vectors.changes_since(start)
    assert changes is not None
    assert (changes.removed, changes.added) == (ids, ids)
    catalogue.folders.forget(shelf.folder(b"/b"))
    later = catalogue.vectors.changes_since(changes.change)
    assert later is not None
    assert (later.removed, later.added) == ([ids[1]], [])
    whole = catalogue.vectors.changes_since(start)
    assert whole is not None
    assert (whole.removed, whole.added) == (ids, [ids[0]])
    assert whole.change == later.change == catalogue.vectors.last_change()


def test_an_updated_vector_is_removed_and_added(catalogue: Catalogue, shelf: Shelf) -> None:
    model = shelf.encoder()
    shelf.embed(model, shelf.content_of(shelf.photo()))
    start = catalogue.vectors.last_change()
    catalogue._database.execute("UPDATE embedding SET vector = zeroblob(8)")
    changes = catalogue.vectors.changes_since(start)
    assert changes is not None
    assert changes.removed == changes.added == [1]


def test_what_is_rolled_back_was_never_a_change(catalogue: Catalogue, shelf: Shelf) -> None:
    model = shelf.encoder()
    content_id = shelf.content()
    start = catalogue.vectors.last_change()
    try:
        with catalogue.transaction():
            shelf.embed(model, content_id)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert catalogue.vectors.last_change() == start


def test_a_second_vector_for_a_photo_is_ignored(catalogue: Catalogue, shelf: Shelf) -> None:
    model = shelf.encoder()
    content_id = shelf.content()
    shelf.embed(model, content_id, 1.0)
    change = catalogue.vectors.last_change()
    shelf.embed(model, content_id, 2.0)
    assert catalogue.vectors.last_change() == change
    assert catalogue.vectors.load(model, "photo", 4).matrix.tolist() == [[1.0] * 4]


def test_a_stamp_that_the_log_does_not_reach_means_build_anew(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    model = shelf.encoder()
    for _ in range(6):
        shelf.embed(model, shelf.content())
    last = catalogue.vectors.last_change()
    catalogue.vectors.prune_log(2)
    assert catalogue.vectors.last_change() == last
    assert catalogue.vectors.changes_since(last - 3) is None
    reached = catalogue.vectors.changes_since(last - 2)
    assert reached is not None
    assert reached.added == [5, 6]
    catalogue.vectors.prune_log(0)
    assert catalogue.vectors.changes_since(last - 1) is None
    nothing = catalogue.vectors.changes_since(last)
    assert nothing is not None
    assert nothing.removed == nothing.added == []
    shelf.embed(model, shelf.content())
    assert catalogue.vectors.last_change() == last + 1


def test_a_stamp_from_another_catalogue_means_build_anew(catalogue: Catalogue) -> None:
    assert catalogue.vectors.changes_since(1) is None


def test_grouping_is_due_again_where_the_log_does_not_reach(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    shelf.photo()
    change = catalogue.vectors.last_change()
    assert not catalogue.vectors.photos_changed_since(change)
    shelf.photo()
    assert catalogue.vectors.photos_changed_since(change)
    catalogue.vectors.prune_log(0)
    assert catalogue.vectors.photos_changed_since(change)
    assert not catalogue.vectors.photos_changed_since(catalogue.vectors.last_change())


def test_only_what_grouping_depends_on_counts_as_a_change_of_a_photo(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    photo_id = shelf.photo()
    change = catalogue.vectors.last_change()
    execute = catalogue._database.execute
    execute("UPDATE photo SET favourite = 1, mtime_ns = 9")
    shelf.mark(photo_id, "present")
    assert catalogue.vectors.last_change() == change
    for sql in (
        "UPDATE photo SET state = 'missing'",
        "UPDATE photo SET hidden = 1",
        "UPDATE photo SET taken_at = '1999-01-01T00:00:00'",
        "UPDATE photo SET path = x'61'",
        "DELETE FROM photo",
    ):
        execute(sql)
        change += 1
        assert catalogue.vectors.last_change() == change


def test_ids_are_never_used_again(catalogue: Catalogue, shelf: Shelf) -> None:
    model = shelf.encoder()
    photo_id = shelf.photo()
    content_id = shelf.content_of(photo_id)
    shelf.embed(model, content_id)
    folder_id = shelf.folder()
    catalogue.folders.forget(folder_id)
    assert catalogue.photos.by_state()["present"] == 0
    again = shelf.photo()
    shelf.embed(model, shelf.content_of(again))
    assert shelf.folder() > folder_id
    assert again > photo_id
    assert shelf.content_of(again) > content_id
    assert catalogue.vectors.load(model, "photo", 4).ids.tolist() == [2]


def test_vectors_come_back_as_they_were_stored(catalogue: Catalogue, shelf: Shelf) -> None:
    first, second = shelf.encoder("a"), shelf.encoder("b")
    contents = [shelf.content() for _ in range(3)]
    for number, content_id in enumerate(contents):
        shelf.embed(first, content_id, number / 4)
        shelf.embed(second, content_id, -number)
    loaded = catalogue.vectors.load(first, "photo", 4)
    assert loaded.contents.tolist() == contents
    assert loaded.matrix.dtype == np.float32
    assert loaded.matrix[:, 0].tolist() == [0.0, 0.25, 0.5]
    some = catalogue.vectors.some(first, "photo", [*loaded.ids[1:].tolist(), 2, 999], 4)
    assert some.ids.tolist() == loaded.ids[1:].tolist()
    assert catalogue.vectors.load(first, "look", 4).matrix.shape == (0, 4)
    assert catalogue.vectors.load(first, "photo", 5).matrix.shape == (0, 5)
    assert catalogue.vectors.count(first, "photo") == 3
    ids, owners = catalogue.vectors.owners(second, "photo")
    assert owners.tolist() == contents
    assert catalogue.vectors.contents_of(ids.tolist()) == dict(zip(ids, owners, strict=True))
    assert catalogue.vectors.owners(second, "look").shape == (2, 0)
    vector = catalogue.vectors.of_content(second, "photo", contents[2])
    assert vector is not None
    assert vector.tolist() == [-2.0] * 4
    assert catalogue.vectors.of_content(second, "look", contents[2]) is None


def test_a_calibration_is_kept_for_the_rules_it_was_made_by(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    model = shelf.encoder()
    assert catalogue.vectors.calibration(model, "text", 1) is None
    catalogue.vectors.set_calibration(model, "text", 1, {"slope": 0.5})
    assert catalogue.vectors.calibration(model, "text", 1) == {"slope": 0.5}
    assert catalogue.vectors.calibration(model, "look", 1) is None
    catalogue.vectors.set_calibration(model, "text", 2, {"slope": 0.75})
    assert catalogue.vectors.calibration(model, "text", 1) is None
    assert catalogue.vectors.calibration(model, "text", 2) == {"slope": 0.75}


def test_the_neighbour_graph_comes_back_as_it_was_stored(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    model = shelf.encoder()
    contents = [shelf.content() for _ in range(2)]
    for content_id in contents:
        shelf.embed(model, content_id)
    assert catalogue.vectors.without_neighbours(model, "photo") == [1, 2]
    others, cosines = np.array([7, 8], np.int64), np.array([0.5, 0.25], np.float32)
    with catalogue.transaction():
        catalogue.vectors.add_neighbours(model, [(contents[0], others[:1], cosines[:1])])
        catalogue.vectors.add_neighbours(model, [(contents[0], others, cosines)])
    assert catalogue.vectors.without_neighbours(model, "photo") == [2]
    graph = catalogue.vectors.neighbours(model)
    assert graph.contents.tolist() == contents[:1]
    assert graph.others[0].tolist() == [7, 8]
    assert graph.similarities[0].tolist() == [0.5, 0.25]


def test_a_stage_that_failed_is_left_alone_until_asked(catalogue: Catalogue, shelf: Shelf) -> None:
    model = shelf.encoder("m")
    content_id = shelf.content_of(shelf.photo())
    with catalogue.transaction():
        catalogue.vectors.fail(content_id, "embed", "m", "no memory")
        catalogue.vectors.fail(content_id, "embed", "m", "no memory")
    assert catalogue.vectors.failures("m") == 1
    assert catalogue.vectors.failures("other") == 0
    assert catalogue.photos.without_embedding(model, "photo") == []
    assert len(catalogue.photos.without_embedding(shelf.encoder("n"), "photo")) == 1
    catalogue.vectors.retry()
    assert len(catalogue.photos.without_embedding(model, "photo")) == 1
