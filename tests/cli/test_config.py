"""Settings are shown, set for good, and never left in a state that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Photolib


def test_settings_are_listed_with_those_of_the_file_marked(
    photolib: Photolib, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('ocr = "never"\n')
    found = photolib("config", "--json").json
    by_name = {setting["name"]: setting for setting in found["settings"]}
    assert by_name["ocr"] == {"name": "ocr", "value": "never", "stored": True}
    assert by_name["images"]["stored"] is False
    assert found["path"] == str(tmp_path / "config.toml")


def test_a_setting_is_kept_among_comments_and_taken_out_again(
    photolib: Photolib, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# my settings\nocr = "never"  # slow machine\n')
    assert photolib("config", "batch_size", "8").code == 0
    assert photolib("config", "ocr", "always").code == 0
    assert file.read_text() == '# my settings\nocr = "always"  # slow machine\nbatch_size = 8\n'
    assert photolib("config", "ocr", "--unset").code == 0
    assert photolib("config", "ocr", "--json").json["settings"][0]["value"] == "auto"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["config.toml"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("batch_size", "many"), 1),
        (("ocr", "perhaps"), 1),
        (("nonsense", "1"), 2),
        (("library", "x"), 2),
        (("--unset",), 2),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_written(
    photolib: Photolib, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    assert photolib("config", *words).code == code
    assert not (tmp_path / "config.toml").exists()


def test_a_file_that_is_no_toml_is_left_for_the_person_to_correct(
    photolib: Photolib, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("ocr = = never\n")
    outcome = photolib("config", "ocr", "never")
    assert (outcome.code, (tmp_path / "config.toml").read_text()) == (1, "ocr = = never\n")
    assert "config.toml" in outcome.err
