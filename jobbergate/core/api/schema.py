"""The OpenAPI document: what every operation can answer beside success, in the API's one shape of an error."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

ERROR = {
    "type": "object",
    "required": ["code", "detail", "errors"],
    "properties": {
        "code": {"type": "string", "description": "A word to branch on."},
        "detail": {"type": "string", "description": "A sentence to show."},
        "errors": {
            "type": "object",
            "description": "What was wrong, by field or variable.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
ANSWERS = {
    "400": ("The request is not acceptable; `errors` says where.", "invalid", "limit: '0' is not accepted; …"),
    "401": (
        "No valid token came with the request.",
        "not_authenticated",
        "Authentication credentials were not provided.",
    ),
    "403": (
        "One may see this, and may not change it.",
        "permission_denied",
        "Only its owner, its editors and staff may change this.",
    ),
    "404": ("There is no such thing, or not for this person.", "not_found", "Not found."),
    "409": ("It does not fit the present state of things.", "conflict", "…"),
    "413": ("The request is too large.", "too_large", "…"),
    "415": (
        "The body is of a type that is not read here.",
        "unsupported_media_type",
        'Unsupported media type "text/csv" in request.',
    ),
}
# Operations whose body names another resource, which may be missing; and those that cannot meet a conflict.
NAMING_OTHERS = ("/api/job-scripts/", "/api/job-scripts/preview/", "/api/sweeps/", "/api/job-submissions/")
SAVING_NOTHING = (
    "/api/applications/check/", "/api/job-scripts/preview/", "/api/job-scripts/bulk/",
    "/api/job-submissions/report/", "/api/job-submissions/cancel/",
)  # fmt: skip
# What not everybody may read who sees the resource.
EDITORS_ONLY = ("/api/applications/{application}/shares/", "/api/job-scripts/{script}/shares/")
PUBLIC = ("/api-auth-token", "/openapi.json")


class BearerToken(OpenApiAuthenticationExtension):
    """`Authorization: Bearer …`; `JWT …` is taken as well, for clients of old, and not advertised."""

    target_class = "jobbergate.core.api.authentication.TokenAuthentication"
    name = "bearer"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def with_error_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for code in codes(path, method, operation):
                operation["responses"].setdefault(code, error_answer(code))
    return result


def codes(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    """Which errors an operation can give, from what it is: a body can be wrong, a row can be missing."""
    found = ["400"] if operation.get("requestBody") or operation.get("parameters") else []
    found += ["401"]
    if "{" in path or path in NAMING_OTHERS:
        found += ["404"]
    if path in EDITORS_ONLY and method == "get":
        found += ["403"]
    if path.startswith(PUBLIC) or method == "get":
        return found + (["413", "415"] if operation.get("requestBody") else [])
    if "{" in path and not path.endswith("/clone/"):
        found += ["403"]
    if path not in SAVING_NOTHING:
        found += ["409"]
    if operation.get("requestBody"):
        found += ["413", "415"]
    return found


def error_answer(code: str) -> dict[str, Any]:
    description, word, detail = ANSWERS[code]
    example = {"code": word, "detail": detail, "errors": {}}
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}
