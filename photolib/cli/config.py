"""``photolib config``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from photolib.cli.front import Front, command
from photolib.cli.text import table
from photolib.config import Settings, config_path, store_value, stored_values

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its value now, and whether the config file says so."""

    name: str
    value: Any
    stored: bool


@dataclass(frozen=True, slots=True)
class Configuration:
    """All settings, and the file that keeps them."""

    path: str
    settings: tuple[Setting, ...]


@command("config")
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Take NAME out of the file; its default holds again.")
def config(front: Front, name: str | None, value: str | None, unset: bool) -> None:
    """Show the settings, or set one for good.

    Without a VALUE shows what holds now; settings marked with * are in the config file.

    \b
    photolib config
    photolib config ocr never
    photolib config ocr --unset
    """
    path = config_path()
    settings = front.settings
    names = [field.name for field in fields(Settings) if field.name != "library"]
    if name is not None and name not in names:
        raise click.UsageError(f"There is no setting {name}. Known: {', '.join(names)}.")
    if unset and (name is None or value is not None):
        raise click.UsageError("--unset takes a NAME and no VALUE.")
    if name is not None and (unset or value is not None):
        settings = store_value(Settings(settings.library), path, name, value)
    stored = stored_values(path)
    shown = [n for n in names if name in (None, n)]
    found = tuple(Setting(n, getattr(settings, n), n in stored) for n in shown)
    front.show(Configuration(str(path), found), _lines)


def _lines(found: Configuration) -> Iterator[str]:
    yield from table([("*" if s.stored else "", s.name, s.value) for s in found.settings])
    yield f"Kept in {found.path}"
