"""The service against its own description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from tests.conftest import REPOSITORY
from tests.library.shelf import index, opened, plain, settings_at
from tests.service.conftest import COLOURS, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.conftest import Served

EXAMPLES = 8
OPERATIONS = """search similar albums album duplicates photos photo thumbnail status problems labels
    folders jobs start_job job cancel_job job_events page source""".split()


@pytest.fixture(scope="module")
def on_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    base = tmp_path_factory.mktemp("described")
    for name, colour in COLOURS.items():
        plain(base / "photos" / f"{name}.jpg", colour)
    with opened(settings_at(base / "library")) as library:
        library.add_folder(str(base / "photos"))
        index(library)
        with serving(library, port=0) as served:
            yield served


@pytest.fixture(scope="module")
def operations(on_port: Served) -> dict[str, Any]:
    """What the service describes, by its names, as schemathesis reads it."""
    import schemathesis

    described = on_port.get("/openapi.json").json
    # The token is tested elsewhere. Here it would be left out as a mistake, and then sent anyway.
    del described["security"], described["components"]["securitySchemes"]
    schema = schemathesis.openapi.from_dict(described)
    found = [cast("Any", result).ok() for result in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


def test_every_operation_is_tried_below(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(OPERATIONS)


TAKE_NOTHING = {"page", "source", "status", "jobs"}
TRIALS = [(name, "positive") for name in OPERATIONS]
TRIALS += [(name, "negative") for name in OPERATIONS if name not in TAKE_NOTHING]


@pytest.mark.parametrize(("name", "mode"), TRIALS)
def test_answers_are_as_described(
    on_port: Served, operations: dict[str, Any], name: str, mode: str
) -> None:
    """Whatever is asked gets a described status and body; what is described wrongly is refused."""
    from schemathesis import GenerationMode, checks

    token = on_port.library.settings.service_token.read_text("ascii")
    # Text that is a string of the description may yet be no query or no path: that is for the
    # language's own tests, so positive_data_acceptance is left out.
    chosen = [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
        checks.negative_data_rejection,
    ]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operations[name].as_strategy(generation_mode=GenerationMode(mode)))
    def conforms(case: Any) -> None:
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{on_port.record.port}",
            headers={"Authorization": f"Bearer {token}"},
            checks=chosen,
            timeout=20,
        )

    conforms()


def test_the_manual_and_the_page_name_every_path(on_port: Served) -> None:
    manual = (REPOSITORY / "docs" / "service.md").read_text("utf-8")
    shown = on_port.get("/").body.decode()
    for path in on_port.get("/openapi.json").json["paths"]:
        assert f"`{path}`" in manual
        assert path in shown
