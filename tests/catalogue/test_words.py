"""Words find photos by what is written about them, and nothing typed is ever syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import Catalogue
    from tests.catalogue.conftest import Shelf


def found(catalogue: Catalogue, *words: str, phrase: bool = False) -> list[int]:
    ids: list[int] = catalogue.words.holding(words, phrase=phrase).tolist()
    return ids


@pytest.fixture
def beach(catalogue: Catalogue, shelf: Shelf) -> int:
    photo_id = shelf.photo(
        "trips/Sizilien2019/IMG_4711-Strand_Café.jpg".encode(),
        taken=("2019-07-14T21:30:00", "exif"),
        title="Red sails",
        description="over the long harbour",
        keywords=("Ocean", "blue hour"),
        people=("Zoë Müller",),
        camera="Canon EOS",
        lens="EF 50mm",
        place=("IT", "Italy", "Sicily", "Cefalù"),
    )
    execute = catalogue._database.execute
    execute("INSERT INTO label (content_id, name, provenance) VALUES (1, 'boat', 'detected')")
    execute("INSERT INTO label (content_id, name, provenance) VALUES (1, 'whale', 'suggested')")
    execute("INSERT INTO model (model_no, model_id, kind, name) VALUES (7, 'o', 'ocr', 'O')")
    execute("INSERT INTO text VALUES (NULL, 1, 7, 'Trattoria 1998', 0, 0, 1, 1, 1)")
    execute("INSERT INTO tag VALUES (1, 'favourites')")
    execute("INSERT INTO photo_tag VALUES (1, 1)")
    catalogue.words.refresh([photo_id])
    return photo_id


@pytest.mark.parametrize(
    ("word", "column"),
    [
        ("strand", "name"), ("4711", "name"), ("img_4711", "name"), ("cafe", "name"),
        ("CAFÉ", "name"), ("sizilien", "folder"), ("trips", "folder"), ("sail", "title"),
        ("harbour", "title"), ("ocean", "tags"), ("favourites", "tags"), ("zoe", "tags"),
        ("müll", "tags"), ("boat", "labels"), ("sicily", "places"), ("cefalu", "places"),
        ("canon", "camera"), ("50mm", "camera"), ("2019-07-14", "dates"), ("july", "dates"),
        ("sunday", "dates"), ("trattoria", "ocr"),
    ],
)  # fmt: skip
def test_every_column_is_searched_and_named(
    catalogue: Catalogue, beach: int, word: str, column: str
) -> None:
    assert found(catalogue, word) == [beach]
    assert column in dict(catalogue.words.where(beach, [word]))


def test_all_words_must_be_there_in_any_column(catalogue: Catalogue, beach: int) -> None:
    assert found(catalogue, "boat", "sicily", "2019") == [beach]
    assert found(catalogue, "boat", "paris") == []
    assert found(catalogue, "whale") == []


def test_a_phrase_is_whole_and_in_order(catalogue: Catalogue, beach: int) -> None:
    assert found(catalogue, "blue", "hour", phrase=True) == [beach]
    assert found(catalogue, "blue hour", phrase=True) == [beach]
    assert found(catalogue, "hour", "blue", phrase=True) == []
    assert found(catalogue, "blue", "hou", phrase=True) == []


def test_a_word_of_signs_only_demands_nothing(catalogue: Catalogue, beach: int) -> None:
    assert found(catalogue, "boat", "_", "&", "__") == [beach]
    assert found(catalogue, "_") == []
    assert found(catalogue) == []


def test_what_a_person_wrote_counts_most(catalogue: Catalogue, shelf: Shelf) -> None:
    photographed = shelf.photo(camera="Sunset")
    titled = shelf.photo(title="Sunset")
    ranks = catalogue.words.ranks(["sunset"], [photographed, titled])
    assert ranks[titled] > ranks[photographed]
    assert list(catalogue.words.ranks(["sunset"], [titled])) == [titled]


def test_substrings_of_names_and_recognised_text(catalogue: Catalogue, beach: int) -> None:
    assert catalogue.words.containing("attori") == [beach]
    assert catalogue.words.containing("711-Str") == [beach]
    assert catalogue.words.containing("sicily") == []
    assert catalogue.words.containing("at") == []


def test_a_word_in_the_plural_finds_the_singular_and_not_its_start(
    catalogue: Catalogue, shelf: Shelf, beach: int
) -> None:
    boats = shelf.photo(title="Two boatsmen and berries")
    assert found(catalogue, "boats") == [beach, boats]
    assert found(catalogue, "oceans") == [beach]
    assert found(catalogue, "oceanse") == []
    assert found(catalogue, "berry") == []
    shelf.photo(title="a berry, glass")
    assert len(found(catalogue, "berries")) == 2
    assert len(found(catalogue, "glass")) == 1
    assert catalogue.words.share("a berry", ["berries", "glass"]) == 0.5


def test_fragments_of_photos_not_shown_are_not_found(
    catalogue: Catalogue, shelf: Shelf, beach: int
) -> None:
    shelf.mark(beach, "missing")
    assert found(catalogue, "boat") == [beach]
    assert catalogue.words.containing("attori") == []
    shelf.mark(beach, "present")
    catalogue._database.execute("UPDATE photo SET hidden = 1")
    assert catalogue.words.containing("attori") == []


def test_refreshing_again_changes_nothing(catalogue: Catalogue, beach: int) -> None:
    before = catalogue.words.ranks(["boat"], [beach])
    for _ in range(3):
        catalogue.words.refresh([beach, 999])
    assert catalogue.words.ranks(["boat"], [beach]) == before
    catalogue._database.execute("DELETE FROM label")
    catalogue.words.refresh([beach])
    assert found(catalogue, "boat") == []
    assert found(catalogue, "trattoria") == [beach]


def test_a_deleted_photo_leaves_no_words(catalogue: Catalogue, shelf: Shelf, beach: int) -> None:
    catalogue.folders.forget(shelf.folder())
    value = catalogue._database.value
    assert value("SELECT count(*) FROM words") == 0
    assert value("SELECT count(*) FROM fragments") == 0
    assert value("SELECT count(*) FROM words WHERE words MATCH 'boat'") == 0


def test_a_date_that_only_the_file_has_is_no_word(catalogue: Catalogue, shelf: Shelf) -> None:
    shelf.photo(taken=("2019-07-14T21:30:00", "mtime"))
    assert found(catalogue, "2019") == []


HOSTILE = [
    '"', "'", "a OR b", "NOT", "NEAR(a b)", "name:x", "*", "^a", "-", "(", "a\0b", "\0",
    "{a}",
           "\U0001e900", "; DROP TABLE photo", "😀", "ß" * 300]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_syntax_in_typed_text_is_harmless(catalogue: Catalogue, beach: int, text: str) -> None:
    for phrase in (False, True):
        assert found(catalogue, text, phrase=phrase) == []
    assert catalogue.words.containing(text) == []
    catalogue.words.where(beach, [text])


def test_text_that_is_no_unicode_is_searched_as_far_as_it_goes(
    catalogue: Catalogue, beach: int
) -> None:
    assert found(catalogue, "caf\udce9") == [beach]
    assert catalogue.words.containing("afé\udce9") == []


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)


@given(words=st.lists(ANY_TEXT, max_size=4), phrase=st.booleans())
@example(words=["boat", '"'], phrase=True)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_raises(
    catalogue: Catalogue, beach: int, words: Sequence[str], phrase: bool
) -> None:
    assert set(found(catalogue, *words, phrase=phrase)) <= {beach}
    catalogue.words.where(beach, words)
    for word in words:
        assert set(catalogue.words.containing(word)) <= {beach}


@given(name=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_photo_is_found_by_its_own_name(catalogue: Catalogue, shelf: Shelf, name: str) -> None:
    """As a phrase; a name of signs alone has no words to be found by."""
    path = name.replace("/", "-").encode()
    photo_id = shelf.photo(path)
    hits = found(catalogue, path.decode(), phrase=True)
    assert photo_id in hits or not any(character.isalnum() for character in name)
    shelf.mark(photo_id, "removed")
