"""Settings, and where things live.

Settings are a frozen value that is passed in; nothing below the front ends reads the environment.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photolib.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = Path(__file__).parent
_XDG = {
    "data": ("XDG_DATA_HOME", "~/.local/share"),
    "config": ("XDG_CONFIG_HOME", "~/.config"),
}
_CHOICES = {
    "ocr": ("auto", "always", "never"),
    "goes_first": ("best", "meaning", "look"),
    "images": ("auto", "kitty", "sixel", "blocks", "none"),
}
BEST_PICK_RULES = "original pixels format metadata sharpness rating albums folder age".split()
"""What can tell which copy to keep; a person may order these otherwise, or leave some out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person can set, in ``config.toml`` or the environment."""

    library: Path
    """The directory of the catalogue and its caches (``PHOTOLIB_LIBRARY``, ``--library``)."""
    batch_size: int = 32
    """Photos embedded and committed together."""
    decode_threads: int = 0
    """Threads that decode; 0 means one per processor."""
    thumbnail_size: int = 384
    """Longest side, in pixels, of the cached thumbnails."""
    ocr: str = "auto"
    """Whether text in pictures is read: auto (where print is likely), always or never."""
    mask_threshold: float = 0.5
    """Probability from which a pixel belongs to the outline of a thing, between 0 and 1."""
    meaning_share: float = 0.5
    """How much meaning counts beside look in what is like a picture: 0 (not) to 1 (alone)."""
    both_first: bool = False
    """Whether photos that are like a picture by both ways come before all others."""
    goes_first: str = "best"
    """Which hits come first otherwise: best (by score), meaning or look."""
    best_pick: str = " ".join(BEST_PICK_RULES)
    """Which of several copies to keep: rules in order, the first that tells them apart decides."""
    best_folders: str = ""
    """For the rule "folder": folders in order of preference, separated as in PATH."""
    images: str = "auto"
    """How the terminal shows pictures: auto, kitty, sixel, blocks or none."""
    theme: str = "photolib-dark"
    """Name of the colour theme."""

    @property
    def catalogue_path(self) -> Path:
        return self.library / "catalogue.sqlite3"

    @property
    def thumbnails(self) -> Path:
        return self.library / "thumbnails"

    @property
    def indexes(self) -> Path:
        return self.library / "indexes"

    @property
    def grouping(self) -> Path:
        return self.library / "grouping"

    @property
    def weights(self) -> Path:
        return self.library / "weights"

    @property
    def leases(self) -> Path:
        return self.library / "leases"

    @property
    def backups(self) -> Path:
        return self.library / "backups"

    @property
    def service_record(self) -> Path:
        return self.library / "service.json"

    @property
    def service_socket(self) -> Path:
        return self.library / "service.sock"

    @property
    def service_token(self) -> Path:
        return self.library / "service.token"

    @property
    def log_path(self) -> Path:
        return self.library / "photolib.log"


def load_settings(library: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the config file, then the environment, then ``library``; later ones win.

    Raises ConfigError when the config file is not valid TOML or names an unknown setting.
    """
    chosen = library or Path(environ.get("PHOTOLIB_LIBRARY") or _usual("data"))
    settings = Settings(library=Path(os.path.abspath(chosen.expanduser())))
    path = config_path(environ)
    return _with_values(settings, path, stored_values(path))


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The file that keeps a person's settings (``PHOTOLIB_CONFIG``); it need not exist."""
    return Path(environ.get("PHOTOLIB_CONFIG") or _usual("config") / "config.toml")


def _usual(kind: str) -> Path:
    """Where this platform keeps a person's ``data`` or ``config``, as platformdirs has it.

    Importing that takes a fifth of a search through the service, so on Linux the XDG base
    directory specification is read here; whatever is unusual is left to it.
    """
    variable, default = _XDG[kind]
    given = os.environ.get(variable, "")
    if sys.platform == "linux" and "ANDROID_DATA" not in os.environ and given[:1] in ("", "/"):
        return Path(given or os.path.expanduser(default)) / "photolib"
    import platformdirs

    usual = {"data": platformdirs.user_data_path, "config": platformdirs.user_config_path}
    return usual[kind]("photolib")


def stored_values(path: Path) -> dict[str, Any]:
    """What the config file says; nothing without one. Raises ConfigError."""
    return _parsed(path, _text(path))


def store_value(settings: Settings, path: Path, name: str, value: str | None) -> Settings:
    """Write one setting to the config file, or take it out for None; comments stay.

    ``value`` is read as TOML, or else as plain text. Returns the settings that then hold; nothing
    is written that could not be read again. Raises ConfigError.
    """
    import tomlkit

    text = _text(path)
    _parsed(path, text)
    document = tomlkit.parse(text)
    if value is None:
        document.pop(name, None)
    else:
        document[name] = _value(value)
    changed = tomlkit.dumps(document)
    result = _with_values(settings, path, _parsed(path, changed))
    _replace_file(path, changed)
    return result


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{path}: {exc}", "Correct or remove the file.") from exc


def _parsed(path: Path, text: str) -> dict[str, Any]:
    if not text:
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError as exc:
        raise ConfigError(f"{path}: {exc}", "Correct or remove the file.") from exc


def _value(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text


def _replace_file(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, "utf-8")
        os.replace(scratch, path)
    except OSError as exc:
        hint = "Make its directory writable, or set PHOTOLIB_CONFIG."
        raise ConfigError(f"{path}: {exc.strerror}", hint) from exc


def _with_values(settings: Settings, path: Path, values: dict[str, Any]) -> Settings:
    kinds = {f.name: type(getattr(settings, f.name)) for f in fields(settings)}
    kinds.pop("library")
    for name, value in values.items():
        if type(value) is not kinds.get(name):
            known = ", ".join(sorted(kinds))
            raise ConfigError(f"{path}: {name} = {value!r} is not a setting", f"Known: {known}.")
        if value not in _CHOICES.get(name, (value,)):
            known = ", ".join(_CHOICES[name])
            raise ConfigError(f"{path}: {name} cannot be {value}", f"Known: {known}.")
    unknown = set(values.get("best_pick", "").split()).difference(BEST_PICK_RULES)
    if unknown:
        hint = f"Known: {', '.join(BEST_PICK_RULES)}."
        raise ConfigError(f"{path}: best_pick has no rule {min(unknown)!r}", hint)
    if not 0 < values.get("mask_threshold", 0.5) < 1:
        raise ConfigError(f"{path}: mask_threshold lies between 0 and 1", "0.5 is the default.")
    return replace(settings, **values)


def data_path(name: str) -> Path:
    """The directory ``name`` (``migrations``, ``themes``) that ships with photolib.

    An installed wheel carries it in ``photolib/_data``; a checkout has it beside the package, where
    photolib's own pyproject.toml is. Nowhere else is looked at.
    """
    packaged = _PACKAGE / "_data" / name
    if packaged.is_dir():
        return packaged
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise ConfigError(f"photolib's {name} folder is not installed", "Install photolib again.")
