"""An XMP sidecar's facts go before the embedded ones, for as long as it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
  xmp:Rating="{rating}" photoshop:DateCreated="2019-07-06T05:04:03">
<dc:subject><rdf:Bag><rdf:li>{keyword}</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (64, 48), "teal").save(folder / "a.jpg")
    with Library.open(Settings(library=tmp_path / "library")) as opened:
        opened.add_folder(str(folder))
        finish(opened.index())
        yield opened


def _write(folder: Path, rating: int, keyword: str) -> None:
    (folder / "a.jpg.xmp").write_text(_PACKET.format(rating=rating, keyword=keyword), "utf-8")


def test_a_new_sidecar_is_searchable_without_reading_its_photo_anew(
    library: Library, tmp_path: Path
) -> None:
    _write(tmp_path / "photos", 4, "heron")
    report = finish(library.index())
    assert (report.parts, report.opened, report.embedded) == (1, 0, 0)
    assert library.search("heron").total == 1
    assert library.search("rating:4").total == 1
    assert library.search("on:2019-07-06").total == 1


def test_a_changed_sidecar_replaces_what_it_said(library: Library, tmp_path: Path) -> None:
    _write(tmp_path / "photos", 4, "heron")
    finish(library.index())
    _write(tmp_path / "photos", 25, "grey egret")
    finish(library.index())
    assert library.search("heron").total == 0
    assert library.search("egret").total == 1


def test_a_removed_sidecar_takes_its_facts_along(library: Library, tmp_path: Path) -> None:
    _write(tmp_path / "photos", 4, "heron")
    finish(library.index())
    (tmp_path / "photos" / "a.jpg.xmp").unlink()
    finish(library.index())
    assert library.search("heron").total == 0
    assert library.search("rating:4").total == 0
    assert library.search("on:2019-07-06").total == 0
