"""Where the library and the settings are when nobody says."""

from __future__ import annotations

import os

import platformdirs
import pytest

from photolib.config import config_path, load_settings


@pytest.mark.parametrize("home", [None, "", " ", "/data", "/data/", "relative"])
def test_the_usual_places_are_those_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.setenv("PHOTOLIB_CONFIG", os.devnull)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        if home is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, home)
    data = platformdirs.user_data_path("photolib")
    assert load_settings(environ={"PHOTOLIB_CONFIG": os.devnull}).library == data.absolute()
    assert config_path({}) == platformdirs.user_config_path("photolib") / "config.toml"
