"""Refusals in the shape Azure Resource Manager gives them.

Every route raises `ArmError`; the application turns it into an answer. Codes that no public
text confirms are listed in `docs/emulator.md`.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class ArmError(Exception):
    """A call that is refused: HTTP status, ARM code, message, nested details."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or []
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The error as ARM writes it."""
        error = {
            "code": self.code,
            "message": self.message,
            "target": None,
            "details": self.details,
            "additionalInfo": [],
        }
        return {"error": error}


def bad_request(message: str) -> ArmError:
    """A request that is wrong in itself."""
    return ArmError(400, "BadRequest", message)


def user_error(message: str, *, detail: tuple[str, str] | None = None) -> ArmError:
    """A refusal of the model registry: 400 `UserError`, its real cause in the details."""
    details = [{"code": detail[0], "message": detail[1]}] if detail else None
    return ArmError(400, "UserError", message, details=details)


def invalid(operation: str, field: str, problem: str) -> ArmError:
    """A refusal of the inference service: a validation document inside the nested message."""
    validation = {
        "errors": {field: [problem]},
        "title": "One or more validation errors occurred.",
        "status": 400,
    }
    text = f"InferencingClient HttpRequest error, error detail: {json.dumps(validation)}"
    details = [{"code": f"InferencingClient{operation}Failed", "message": text}]
    return ArmError(400, "BadRequest", "The request is invalid.", details=details)


def not_found(kind: str, name: str, group: str) -> ArmError:
    """A resource that is not there; `kind` is its type below the provider."""
    path = f"Microsoft.MachineLearningServices/{kind}/{name}"
    message = f"The Resource '{path}' under resource group '{group}' was not found."
    return ArmError(404, "ResourceNotFound", message)


def model_not_found(name: str) -> ArmError:
    """A model, or `name:version`, that the registry does not have."""
    return ArmError(404, "UserError", f"Model {name} not found in workspace.")


def conflict(message: str) -> ArmError:
    """A change that another change in progress excludes."""
    return ArmError(409, "Conflict", message)


async def answer_arm_error(_request: Request, error: Exception) -> Response:
    """Exception handler of the application."""
    if not isinstance(error, ArmError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)
