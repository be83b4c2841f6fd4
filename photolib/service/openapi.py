"""The OpenAPI document of the service, from its endpoints and the annotations of results."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from photolib import __version__
from photolib.service.endpoints import ENDPOINTS, Endpoint
from photolib.service.jobs import JobList, JobStatus
from photolib.wire import OMITTED_WHEN_NONE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.service.parameters import Parameter

Schema = dict[str, Any]

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}
_PATHS = frozenset({"path", "copies", "offline"})
"""Keys that hold paths: their bytes stand beside them in base64 when they are not UTF-8."""
_ANY_REQUEST = (400, 401, 403, 408, 413, 421, 500, 503)
_JOB_REQUEST: Schema = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["index"]},
        "paths": {
            "type": "array",
            "items": {"type": "string", "pattern": "^/[^\\u0000]*$"},
            "description": "Only these files and folders, by their absolute paths.",
        },
        "stage": {"type": ["integer", "null"], "enum": [1, 2, None]},
    },
    "required": ["kind"],
    "additionalProperties": False,
}
_EVENT: Schema = {
    "type": "object",
    "description": "One event of the stream.",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "event": {"type": "string", "enum": ["progress", "problem", "end"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["id", "event", "data"],
}


def document(*, needs_token: bool) -> Schema:
    """The description of every endpoint, in OpenAPI 3.1."""
    schemas = _Schemas()
    paths: dict[str, Schema] = {}
    for endpoint in ENDPOINTS:
        paths[endpoint.path] = {"get": _operation(endpoint, schemas)}
    paths.update(_job_paths(schemas))
    paths.update(_open_paths())
    made: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "photolib",
            "version": __version__,
            "description": "The library of photos on this machine, kept warm.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {"schemas": schemas.made},
    }
    if needs_token:
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"token": []}]
    return made


def _operation(endpoint: Endpoint, schemas: _Schemas) -> Schema:
    answer: Schema = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
    if endpoint.result is not None:
        answer = _json(schemas.answer(endpoint.result))
    return {
        "operationId": endpoint.name,
        "summary": endpoint.about,
        "parameters": [
            *(_parameter(p, "path") for p in endpoint.ids),
            *(_parameter(p, "query") for p in endpoint.query),
        ],
        "responses": {
            "200": {"description": "Found.", "content": answer},
            **_failures((*_ANY_REQUEST, *endpoint.failures), schemas),
        },
    }


def _parameter(parameter: Parameter, place: str) -> Schema:
    return {
        "name": parameter.name,
        "in": place,
        "description": parameter.about,
        "required": parameter.required,
        "schema": dict(parameter.schema),
    }


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _failures(statuses: Iterable[int], schemas: _Schemas) -> Schema:
    error = {"description": "An error.", "content": _json(schemas.error())}
    return {str(status): error for status in sorted(set(statuses))}


def _job_paths(schemas: _Schemas) -> dict[str, Schema]:
    """Jobs are started, followed and cancelled; the rest of the service only reads."""
    job_id: Schema = {
        "name": "job_id",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": 2**53 - 1},
    }
    one, many = _json(schemas.answer(JobStatus)), _json(schemas.answer(JobList))
    absent = _failures((*_ANY_REQUEST, 404), schemas)
    body = {"required": True, "content": _json(_JOB_REQUEST)}
    stream = {"text/event-stream": {"schema": _EVENT}}

    def operation(name: str, about: str, status: int, content: Schema, errors: Schema) -> Schema:
        answers = {str(status): {"description": "Done.", "content": content}, **errors}
        return {"operationId": name, "summary": about, "responses": answers}

    return {
        "/jobs": {
            "get": operation(
                "jobs", "Jobs of this service.", 200, many, _failures(_ANY_REQUEST, schemas)
            ),
            "post": operation(
                "start_job",
                "Start an index job.",
                202,
                one,
                _failures((*_ANY_REQUEST, 409), schemas),
            )
            | {"requestBody": body},
        },
        "/jobs/{job_id}": {
            "parameters": [job_id],
            "get": operation("job", "How far a job has come.", 200, one, absent),
            "delete": operation(
                "cancel_job", "Stop a job; what is done is kept.", 202, one, absent
            ),
        },
        "/jobs/{job_id}/events": {
            "parameters": [job_id],
            "get": operation(
                "job_events",
                "Events progress, problem and, last, end, each with a JSON object as its data.",
                200,
                stream,
                absent,
            ),
        },
    }


def _open_paths() -> dict[str, Schema]:
    def operation(name: str, about: str, media: str) -> Schema:
        content = {media: {"schema": {"type": "string"}}}
        answers = {"200": {"description": about, "content": content}}
        return {
            "get": {"operationId": name, "summary": about, "responses": answers, "security": []}
        }

    return {
        "/": operation("page", "A page for people.", "text/html"),
        "/source": operation("source", "The source of this program.", "application/gzip"),
    }


class _Schemas:
    """JSON Schemas of results, each under its name."""

    def __init__(self) -> None:
        self.made: dict[str, Schema] = {}

    def answer(self, result: type) -> Schema:
        """A result with ``schema`` beside its keys, as every answer is."""
        version = {"type": "object", "properties": {"schema": {"const": SCHEMA}}}
        return {"allOf": [self.of(result), version], "required": ["schema"]}

    def error(self) -> Schema:
        """The contract's error object."""
        described: Schema = {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "position": {"type": "integer", "minimum": 0},
            },
            "required": ["code", "message", "hint"],
        }
        self.made["Error"] = {
            "type": "object",
            "properties": {"schema": {"const": SCHEMA}, "error": described},
            "required": ["schema", "error"],
        }
        return {"$ref": "#/components/schemas/Error"}

    def of(self, kind: Any) -> Schema:
        """The schema of an annotation, as ``wire`` writes its values."""
        if kind in _SCALARS:
            return dict(_SCALARS[kind])
        if is_dataclass(kind) and isinstance(kind, type):
            return self._named(kind)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(argument) for argument in arguments]}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if origin is tuple and Ellipsis not in arguments:
            items = [self.of(argument) for argument in arguments]
            size = {"minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "prefixItems": items, **size}
        if origin in (tuple, list):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"{kind!r} has no JSON form")

    def _named(self, kind: type) -> Schema:
        if kind.__name__ not in self.made:
            self.made[kind.__name__] = {}
            self.made[kind.__name__] = self._object(kind)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}

    def _object(self, kind: type) -> Schema:
        hints = get_type_hints(kind)
        annotated = {field.name: hints[field.name] for field in fields(kind)}
        for name, member in vars(kind).items():
            if isinstance(member, property):
                annotated[name] = get_type_hints(member.fget)["return"]
        properties = {name.rstrip("_"): self.of(hint) for name, hint in annotated.items()}
        required = [name for name in properties if name not in OMITTED_WHEN_NONE]
        for name in _PATHS & properties.keys():
            properties[f"{name}_b64"] = _encoded(properties[name])
        about = (kind.__doc__ or "").partition("\n")[0]
        return {
            "type": "object",
            "description": about,
            "properties": properties,
            "required": required,
        }


def _encoded(schema: Schema) -> Schema:
    text: Schema = {"type": "string", "contentEncoding": "base64"}
    if schema.get("type") == "array":
        return {"type": "array", "items": {"anyOf": [text, {"type": "null"}]}}
    return text
