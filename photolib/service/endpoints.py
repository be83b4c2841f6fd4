"""What can be asked of a service: one table, from which routes and description are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from photolib.errors import NotFound, UsageError
from photolib.library import View
from photolib.library.results import (
    AlbumDetail,
    AlbumList,
    DuplicateList,
    Example,
    FolderList,
    LabelList,
    PhotoDetail,
    PhotoList,
    ProblemList,
    SearchResult,
    SimilarResult,
    Status,
)
from photolib.service.parameters import (
    LARGEST_PAGE,
    Parameter,
    choice,
    flag,
    integer,
    page,
    paths,
    region,
    text,
    weights,
)
from photolib.wire import ALBUM_KINDS, IN_COMMON, PHOTO_ORDERS, TIERS, window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photolib.library import Library
    from photolib.wire import Box

Call: TypeAlias = "Callable[..., Any]"
"""Takes the library and the arguments; returns a result, or the bytes of a picture."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something to GET: ``call`` answers with a ``result``, or with a JPEG where that is None."""

    name: str
    path: str
    about: str
    call: Call
    result: type | None
    query: tuple[Parameter, ...] = ()
    ids: tuple[Parameter, ...] = ()
    """The parameters that stand in the path."""
    failures: tuple[int, ...] = ()
    """Statuses of errors beside those that any request can meet."""


def _id(name: str) -> Parameter:
    return integer(name, f"The {name.replace('_id', '')}'s id.", least=1)


def _search(library: Library, query: str, *, remember: bool, **rest: Any) -> SearchResult:
    found = library.search(query, **rest)
    if remember:
        library.remember_search(query)
    return found


def _similar(
    library: Library,
    path: Sequence[str],
    less: Sequence[str],
    *,
    region: Box | None,
    **rest: Any,
) -> SimilarResult:
    if region is not None and len(path) > 1:
        raise UsageError("a region is for one picture", "Give one path.")
    more = [Example(path=one, region=region) for one in path]
    return library.similar_to(more, [Example(path=one) for one in less], **rest)


def _folders(library: Library, *, limit: int, offset: int) -> FolderList:
    found, shown = window(library.folders(), limit, offset)
    return FolderList(tuple(found), shown.total, shown.next_offset)


def _labels(library: Library, *, limit: int, offset: int) -> LabelList:
    found, shown = window(library.label_facets(), limit, offset)
    return LabelList(tuple(found), shown.total, shown.next_offset)


def _photos(library: Library, *, limit: int, offset: int, **view: Any) -> PhotoList:
    return library.photo_page(View(**view), limit=limit, offset=offset)


def _thumbnail(library: Library, photo_id: int) -> bytes:
    found = library.thumbnail(photo_id)
    if found is None:
        raise NotFound(f"photo {photo_id} has no picture now", "Its file is gone or unreadable.")
    return found


ENDPOINTS = (
    Endpoint(
        "search",
        "/search",
        "Photos that fit a query, as photolib search finds them.",
        _search,
        SearchResult,
        (
            text("query", "What to look for, in the query language."),
            choice("sort", "The order.", ("relevance", "date"), default="relevance"),
            flag("all", "Also what is unlikely to be meant.", argument="everything"),
            flag("remember", "Keep the query in the history: a person typed it."),
            *page(50),
        ),
        failures=(409, 422),
    ),
    Endpoint(
        "similar",
        "/similar",
        "Photos like picture files on this machine, in the library or not.",
        _similar,
        SimilarResult,
        (
            paths("path", "The absolute path of the picture, or of each of several.", least=1),
            paths("less", "Pictures that they should be unlike.", least=0),
            choice("by", "What to compare.", ("meaning", "look", "both"), default=None),
            region(),
            weights(),
            choice("same", "Only what they have in common.", IN_COMMON, default=None),
            flag("sketch", "Whether the picture is a sketch of what to find."),
            *page(50),
        ),
        failures=(404, 409, 422),
    ),
    Endpoint(
        "albums",
        "/albums",
        "Albums, the largest first.",
        lambda library, kind, **rest: library.albums(kind, **rest),
        AlbumList,
        (
            choice("kind", "Only albums of this kind.", ALBUM_KINDS, default=None),
            *page(LARGEST_PAGE),
        ),
    ),
    Endpoint(
        "album",
        "/albums/{album_id}",
        "One album with a page of its photos.",
        lambda library, album_id, **rest: library.album(album_id, **rest),
        AlbumDetail,
        page(100),
        (_id("album_id"),),
        failures=(404,),
    ),
    Endpoint(
        "duplicates",
        "/duplicates",
        "Duplicate sets with their evidence, those that would free most first.",
        lambda library, tier, **rest: library.duplicates(tier, **rest),
        DuplicateList,
        (choice("tier", "Only sets of this tier.", TIERS, default=None), *page(LARGEST_PAGE)),
    ),
    Endpoint(
        "photos",
        "/photos",
        "A page of photos.",
        _photos,
        PhotoList,
        (
            integer("album_id", "Only photos of this album.", least=1, default=None),
            integer("folder_id", "Only photos of this folder.", least=1, default=None),
            flag("unsorted", "Only photos in no theme."),
            flag("missing", "Photos that are missing instead of those that are there."),
            flag("favourite", "Only favourites."),
            flag("hidden", "Only hidden photos, which no other list shows."),
            choice("order", "What comes first.", PHOTO_ORDERS, default="newest"),
            *page(100),
        ),
    ),
    Endpoint(
        "photo",
        "/photos/{photo_id}",
        "One photo with its facts.",
        lambda library, photo_id: library.photo(photo_id),
        PhotoDetail,
        ids=(_id("photo_id"),),
        failures=(404,),
    ),
    Endpoint(
        "thumbnail",
        "/photos/{photo_id}/thumbnail",
        "A small upright JPEG of a photo.",
        _thumbnail,
        None,
        ids=(_id("photo_id"),),
        failures=(404, 422),
    ),
    Endpoint(
        "status",
        "/status",
        "The state of the library at a glance.",
        lambda library: library.status(),
        Status,
    ),
    Endpoint(
        "problems",
        "/problems",
        "Files that failed or were skipped, and why.",
        lambda library, **rest: library.problems(**rest),
        ProblemList,
        page(LARGEST_PAGE),
    ),
    Endpoint(
        "labels",
        "/labels",
        "Labels with the photos that carry them, and those they are only suggested for.",
        _labels,
        LabelList,
        page(LARGEST_PAGE),
    ),
    Endpoint(
        "folders",
        "/folders",
        "The watched folders.",
        _folders,
        FolderList,
        page(LARGEST_PAGE),
    ),
)
