"""The description of the API: what ninja derives from the code, completed by what all endpoints share.

Every operation says which scopes it needs, how it refuses, and shows an example of its request and its answers,
taken from the examples on the schemas. An example that is missing is a mistake in the code: a test builds the
whole description.
"""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from laoke.foundation.web.api import KeyAuth
from laoke.foundation.web.problems import CONTENT_TYPE

JSON = "application/json"

# For commands that act once per key.
IDEMPOTENT: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "required": True,
            "description": "Your name for this command: the same one when you repeat it, a new one for a new command.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
            "example": "till-7-000131",
        }
    ]
}
OPTIONALLY_IDEMPOTENT: dict[str, Any] = {
    "parameters": [{**IDEMPOTENT["parameters"][0], "required": False}],
}

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457). `type` leads to its explanation; some carry more fields, named there.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "the stable word callers branch on"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong and how to mend it"},
        "instance": {"type": "string", "description": "the address asked"},
    },
}
_REFUSALS = {
    400: ("The request cannot be read", "malformed-body", "The body is not JSON"),
    401: ("No valid API key", "unauthenticated", "Send Authorization: Bearer lk_..."),
    403: ("The key may not do this, or not for this store", "missing-scope", "This needs the scope orders:read"),
    404: ("No such thing", "unknown-member", "No member is known by this identifier"),
    409: ("What is there already speaks against it", "member-changed", "Somebody else changed it meanwhile"),
    410: ("The person asked to be forgotten", "member-erased", "Only the number is left"),
    413: ("The body is larger than 1 MiB", "body-too-large", "This address takes at most 1 MiB at a time"),
    415: ("The body is not JSON in UTF-8", "unsupported-body", "Send the body as JSON"),
    422: ("The request does not have the declared form, or names unknown things", "invalid-request", "body.lines"),
    503: ("The database does not answer; repeat in a moment", "database-away", "Repeat with the same key"),
}  # fmt: skip
_ALWAYS = (400, 401, 403, 422, 503)
_WITH_BODY = (404, 409, 410, 413, 415)  # a body may name what is not there


class Description(OpenAPISchema):
    """The OpenAPI document."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        """One operation with its scopes, refusals and examples."""
        details: dict[str, Any] = super().operation_details(operation)
        scopes = [
            scope.value
            for auth in operation.auth_callbacks
            if isinstance(auth, KeyAuth)
            for scope in auth.scopes
        ]
        details["security"] = [{"KeyAuth": scopes}]
        if scopes:
            needs = ", ".join(f"`{scope}`" for scope in scopes)
            details["description"] = f"{details.get('description', '')}\n\nScope: {needs}".strip()
        refusals = {*_ALWAYS, *(_WITH_BODY if operation.methods != ["GET"] else ())}
        if "{" in operation.path:
            refusals |= {404, 410} if "member_id" in operation.path else {404}
        for status in sorted(refusals):
            details["responses"].setdefault(status, {"$ref": f"#/components/responses/{status}"})
        for parameter in details["parameters"]:
            examples = parameter.pop("examples", None)
            # The docs page would send an example of an optional filter along.
            if examples and parameter["required"]:
                parameter["example"] = examples[0]
        return details

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Two schemas of one name would hide each other."""
        for name, schema in definitions.items():
            if self.schemas.setdefault(name, schema) != schema:
                raise LookupError(f"two schemas are named {name}")

    def get_components(self) -> dict[str, Any]:
        """Schemas, the key, and the refusals."""
        components: dict[str, Any] = super().get_components()
        components["securitySchemes"] = {
            "KeyAuth": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key with the scopes the operation names: `Authorization: Bearer lk_...`",
            }
        }
        components["schemas"]["Problem"] = _PROBLEM
        components["responses"] = {
            str(status): {
                "description": meaning,
                "content": {
                    CONTENT_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "example": {
                            "type": f"/problems/{code}",
                            "title": meaning,
                            "status": status,
                            "detail": detail,
                            "instance": "/v1/...",
                        },
                    }
                },
            }
            for status, (meaning, code, detail) in _REFUSALS.items()
        }
        return components


class Api(NinjaAPI):
    """NinjaAPI with the description above, put together once per process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._described: dict[str, OpenAPISchema] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The whole document, examples included."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._described:
            self._described[prefix] = _with_examples(Description(self, prefix))
        return self._described[prefix]


def _with_examples(document: OpenAPISchema) -> OpenAPISchema:
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, details in operations.items():
            bodies = [("request", details.get("requestBody", {}))]
            bodies += [(str(status), response) for status, response in details["responses"].items()]
            for name, body in bodies:
                for content in body.get("content", {}).values():
                    if "example" not in content:
                        place = f"{method} {path} {name}"
                        content["example"] = example_of(content["schema"], schemas, place)
    return document


def example_of(schema: dict[str, Any], schemas: dict[str, Any], place: str) -> Any:
    """An example of a schema: its own, or one put together from those of its parts.

    Raises:
        LookupError: a part has none; names the place.
    """
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("const", "example"):
        if name in schema:
            return schema[name]
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return example_of(schemas[name], schemas, f"{place} {name}")
    if schema.get("default") is not None:
        return schema["default"]
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return example_of(choices[0], schemas, place)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas, place)]
    if schema.get("type") == "object" and "properties" in schema:
        return {
            name: example_of(part, schemas, f"{place}.{name}") for name, part in schema["properties"].items()
        }
    if schema.get("type") == "boolean":
        return True
    if schema.get("type") == "null":
        return None
    raise LookupError(f"{place} has no example")
