"""Writing XMP sidecars that carry keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/">
   <dc:subject><rdf:Bag>{keywords}</rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag>{albums}</rdf:Bag></lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
"""XMP specification part 1 (ISO 16684-1), with the keyword hierarchy that Lightroom introduced."""


def keyword_sidecar(keywords: Sequence[str], albums: Sequence[str]) -> str:
    """An XMP packet with keywords, and the albums below the keyword ``Albums``."""
    return _PACKET.format(
        keywords=_items(keywords), albums=_items(f"Albums|{_bar(name)}" for name in albums)
    )


def _items(values: Iterable[str]) -> str:
    return "".join(f"<rdf:li>{escape(_clean(value))}</rdf:li>" for value in values)


def _bar(name: str) -> str:
    return name.replace("|", "/")


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(
        c for c in text if c in "\t\n\r" or 0x20 <= ord(c) < 0xD800 or 0xE000 <= ord(c) < 0xFFFE
    )
