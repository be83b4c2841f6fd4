"""A person's own keys: ``keys.toml`` beside the settings, checked before they are used."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from textual.binding import Binding


def identified(prefix: str, bindings: Iterable[Any]) -> list[Any]:
    """Bindings that all have an id: where none is given, the prefix and the action."""
    return [each if each.id else replace(each, id=f"{prefix}.{each.action}") for each in bindings]


def load_keymap(
    path: Path, places: Sequence[Sequence[Binding]]
) -> tuple[dict[str, str], list[str]]:
    """The keys of a file by binding id, and what is wrong with the file.

    The file is TOML: ``"grid.down" = "n,down"``. What names no binding, is no key, or would take
    the key of another binding that works at the same time is left out and told.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as exc:
        return {}, [f"{path.name}: {exc}"]
    known = {each.id for place in places for each in place}
    wanted: dict[str, str] = {}
    problems = []
    for name, keys in _flat(values):
        if name not in known:
            problems.append(f"{path.name}: there is no key called {name}")
        elif not isinstance(keys, str) or not all(part.strip() for part in keys.split(",")):
            problems.append(f'{path.name}: {name} is not a list of keys such as "n,down"')
        else:
            wanted[name] = keys
    return _without_conflicts(path.name, wanted, places, problems)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _without_conflicts(
    file: str, wanted: dict[str, str], places: Sequence[Sequence[Binding]], problems: list[str]
) -> tuple[dict[str, str], list[str]]:
    keymap = dict(wanted)
    for place in places:
        owners: dict[str, str] = {}
        # What a person left as it was has its key first.
        for each in sorted(place, key=lambda binding: (binding.id or "") in wanted):
            name = each.id or ""
            for key in keymap.get(name, each.key).split(","):
                owner = owners.setdefault(key.strip(), name)
                if owner != name and name in keymap:
                    problems.append(f"{file}: {name} and {owner} both want {key.strip()}")
                    del keymap[name]
                    break
    return keymap, list(dict.fromkeys(problems))
