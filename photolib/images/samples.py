"""The pictures of ``photolib demo``: real photographs that installed packages ship, and copies.

scikit-learn ships a temple and a flower, ultralytics a street with a bus and two trainers,
matplotlib a portrait. Nothing is imported from those packages, and their files are only read. The
copies carry the edits that a library collects over the years: re-encoded, resized, cropped,
recoloured, turned, renamed, retagged, cut short. Dates and places are made up, in three events.
"""

from __future__ import annotations

import io
import os
from calendar import timegm
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageEnhance, ImageOps

from photolib.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCES: Final = {
    "temple": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "bus": ("ultralytics", "assets/bus.jpg"),
    "trainers": ("ultralytics", "assets/zidane.jpg"),
    "portrait": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}


@dataclass(frozen=True, slots=True)
class _Event:
    """A stretch of time at one place; the camera's clock shows local time."""

    folder: str
    start: datetime
    latitude: float
    longitude: float
    camera: tuple[str, str]


_BEIJING: Final = _Event(
    "2023-05 Beijing", datetime(2023, 5, 13, 9, 12), 39.9163, 116.3972, ("Canon", "Canon EOS 80D")
)
_MADRID: Final = _Event(
    "2023-09 Madrid", datetime(2023, 9, 2, 11, 40), 40.4168, -3.7038, ("Google", "Pixel 7")
)
_PARTY: Final = _Event(
    "2024-06 Party", datetime(2024, 6, 21, 20, 5), 40.7128, -74.0060, ("FUJIFILM", "X-T4")
)


def make_samples(destination: Path) -> list[Path]:
    """Write the sample pictures below a directory and return their paths, in order.

    The same installed packages give the same bytes each time. Raises NotFound when none of the
    packages that ship photographs is installed.
    """
    sources = {name: path for name in _SOURCES if (path := _source(name))}
    if not sources:
        names = ", ".join(sorted({package for package, _ in _SOURCES.values()}))
        raise NotFound("no sample photographs are installed", f"Install one of: {names}.")
    return [
        _write(destination, recipe, sources[recipe.source].read_bytes())
        for recipe in _RECIPES
        if recipe.source in sources
    ]


def _source(name: str) -> Path | None:
    package, inside = _SOURCES[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / inside
    return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class _Recipe:
    """One file: which photograph, when (minutes into the event), where to, and what was done."""

    source: str
    event: _Event
    minutes: int
    path: str
    edit: Callable[[bytes], bytes] = bytes
    tagged: bool = True
    orientation: int = 1
    title: str = ""
    cut: float = 1.0


def _write(destination: Path, recipe: _Recipe, original: bytes) -> Path:
    data = recipe.edit(original)
    taken = recipe.event.start + timedelta(minutes=recipe.minutes)
    if recipe.tagged and data[:2] == b"\xff\xd8":
        data = _retagged(data, _exif(recipe, taken))
    path = destination / recipe.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[: int(len(data) * recipe.cut)])
    stamp = timegm(taken.timetuple())
    os.utime(path, (stamp, stamp))
    return path


def _exif(recipe: _Recipe, taken: datetime) -> bytes:
    exif = Image.Exif()
    exif[271], exif[272] = recipe.event.camera
    if recipe.orientation != 1:
        exif[274] = recipe.orientation
    if recipe.title:
        exif[270] = recipe.title
    exif[34665] = {36867: taken.strftime("%Y:%m:%d %H:%M:%S")}
    # Some steps between shots, so that positions differ as a walk's do.
    north = recipe.event.latitude + recipe.minutes * 1e-5
    east = recipe.event.longitude + recipe.minutes * 1e-5
    exif[34853] = {
        1: "N" if north >= 0 else "S",
        2: _sexagesimal(north),
        3: "E" if east >= 0 else "W",
        4: _sexagesimal(east),
    }
    return exif.tobytes()


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(abs(degrees) * 60, 60)
    minutes = int(rest)
    return float(whole), float(minutes), round((rest - minutes) * 60, 2)


def _retagged(jpeg: bytes, exif: bytes) -> bytes:
    """A JPEG with an EXIF segment put first: only its metadata differs from what it was."""
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    return jpeg[:2] + segment + jpeg[2:]


# --- what was done to the copies ----------------------------------------------------------------


def _edited(
    change: Callable[[Image.Image], Image.Image], quality: int = 90, name: str = "JPEG"
) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        with Image.open(io.BytesIO(data)) as image:
            changed = change(image.convert("RGB"))
        encoded = io.BytesIO()
        options = {"quality": quality} if name != "PNG" else {}
        changed.save(encoded, name, **options)
        return encoded.getvalue()

    return edit


def _same(image: Image.Image) -> Image.Image:
    return image


def _scaled(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: ImageOps.scale(image, share)


def _cropped(
    left: float, top: float, right: float, bottom: float
) -> Callable[[Image.Image], Image.Image]:
    """A part of the picture, in fractions of its size."""

    def crop(image: Image.Image) -> Image.Image:
        across, down = image.size
        return image.crop(
            (int(left * across), int(top * down), int(right * across), int(bottom * down))
        )

    return crop


def _grey(image: Image.Image) -> Image.Image:
    return ImageOps.grayscale(image).convert("RGB")


def _vivid(image: Image.Image) -> Image.Image:
    return ImageEnhance.Color(ImageEnhance.Brightness(image).enhance(1.15)).enhance(1.4)


def _framed(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, max(image.size) // 25, "white")


def _quarter_turned(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_90)


_RECIPES: Final = (
    _Recipe("temple", _BEIJING, 0, f"{_BEIJING.folder}/IMG_4101.jpg", title="Summer Palace"),
    _Recipe("temple", _BEIJING, 1, f"{_BEIJING.folder}/IMG_4102.jpg",
            _edited(_cropped(0.0, 0.05, 0.9, 1.0), 92)),
    _Recipe("temple", _BEIJING, 4, f"{_BEIJING.folder}/IMG_4105.jpg",
            _edited(_cropped(0.35, 0.1, 1.0, 0.75), 92)),
    _Recipe("flower", _BEIJING, 95, f"{_BEIJING.folder}/IMG_4131.jpg", title="Dahlia"),
    _Recipe("flower", _BEIJING, 96, f"{_BEIJING.folder}/IMG_4132.jpg",
            _edited(_cropped(0.15, 0.0, 1.0, 0.9), 92)),
    _Recipe("flower", _BEIJING, 1510, f"{_BEIJING.folder}/IMG_4190.jpg",
            _edited(_quarter_turned, 95), orientation=6),
    _Recipe("bus", _MADRID, 0, f"{_MADRID.folder}/PXL_20230902_094000000.jpg", title="Line 27"),
    _Recipe("bus", _MADRID, 1, f"{_MADRID.folder}/PXL_20230902_094100000.jpg",
            _edited(_cropped(0.0, 0.2, 1.0, 0.85), 92)),
    _Recipe("bus", _MADRID, 42, f"{_MADRID.folder}/PXL_20230902_102200000.jpg",
            _edited(_cropped(0.0, 0.35, 0.35, 0.9), 92)),
    _Recipe("bus", _MADRID, 43, f"{_MADRID.folder}/PXL_20230902_102300000.jpg",
            _edited(_cropped(0.5, 0.3, 1.0, 0.9), 92)),
    _Recipe("trainers", _PARTY, 0, f"{_PARTY.folder}/DSCF0201.jpg", title="On the touchline"),
    _Recipe("trainers", _PARTY, 1, f"{_PARTY.folder}/DSCF0202.jpg",
            _edited(_cropped(0.5, 0.0, 1.0, 1.0), 92)),
    _Recipe("trainers", _PARTY, 2, f"{_PARTY.folder}/DSCF0203.jpg",
            _edited(_cropped(0.05, 0.1, 0.55, 1.0), 92)),
    _Recipe("portrait", _PARTY, 70, f"{_PARTY.folder}/DSCF0230.jpg", title="The admiral"),
    _Recipe("portrait", _PARTY, 71, f"{_PARTY.folder}/DSCF0231.jpg",
            _edited(_cropped(0.1, 0.0, 0.95, 0.8), 92)),
    # A backup: byte copies under the same and under other names.
    _Recipe("temple", _BEIJING, 0, "Backup/IMG_4101.jpg", title="Summer Palace"),
    _Recipe("bus", _MADRID, 0, "Backup/madrid bus.jpg", title="Line 27"),
    _Recipe("portrait", _PARTY, 70, "Backup/portrait (1).jpg", title="The admiral"),
    # The same picture data, other metadata.
    _Recipe("flower", _BEIJING, 95, "Shared/dahlia.jpg", title="Dahlia, for the garden club"),
    _Recipe("trainers", _PARTY, 0, "Shared/touchline.jpg", tagged=False),
    # The same pixels in another format.
    _Recipe("temple", _BEIJING, 0, "Shared/palace.png", _edited(_same, name="PNG"), tagged=False),
    # What messengers and editors make.
    _Recipe("temple", _BEIJING, 0, "Messages/IMG-20230513-WA0001.jpg",
            _edited(_scaled(0.75), 60), tagged=False),
    _Recipe("flower", _BEIJING, 95, "Messages/IMG-20230513-WA0002.jpg",
            _edited(_same, 45), tagged=False),
    _Recipe("bus", _MADRID, 0, "Messages/IMG-20230902-WA0003.jpg",
            _edited(_scaled(0.5), 70), tagged=False),
    _Recipe("trainers", _PARTY, 0, "Messages/touchline.webp",
            _edited(_scaled(0.6), 75, "WEBP"), tagged=False),
    _Recipe("temple", _BEIJING, 0, "Edited/palace vivid.jpg", _edited(_vivid)),
    _Recipe("flower", _BEIJING, 95, "Edited/dahlia framed.jpg", _edited(_framed)),
    _Recipe("portrait", _PARTY, 70, "Edited/portrait grey.jpg", _edited(_grey)),
    _Recipe("bus", _MADRID, 0, "Edited/bus mirrored.jpg", _edited(ImageOps.mirror)),
    _Recipe("trainers", _PARTY, 0, "Edited/touchline close.jpg",
            _edited(_cropped(0.2, 0.0, 1.0, 0.9))),
    # A copy that was interrupted.
    _Recipe("portrait", _PARTY, 72, "Messages/interrupted.jpg", cut=0.6),
)  # fmt: skip
