"""What callers may ask for, checked in one place for HTTP and for the queue.

`parse_` raises `InvalidRequest` with every problem at once; nothing is stored for a wrong request.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.domain import names
from shared.domain.errors import InvalidRequest

KEY_DAYS = 8
"""How long a key is remembered: longer than the seven days that a queue message lives."""

UPLOAD_SECONDS = 120
"""How long an upload under a key is left to whoever began it; reading a file is ended after a minute."""

MAX_SHARES = 20  # Azure's limit of deployments on an endpoint

M = TypeVar("M", bound=BaseModel)
_FINGERPRINTS = "1"  # the way they are made; another number where that changes
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET_NAME = re.compile(
    r"(?i)(secret|passw(or)?d|token(?!iz|s)|api_?key|account_?key|access_?key|private_?key|connection_?string|credential)"
)
_SECRET_VALUE = re.compile(
    r"(?i)(AccountKey=|SharedAccessSignature=|[?&]sig=|-----BEGIN |AKIA[0-9A-Z]{16}|eyJ[\w-]{10,}\.[\w-]{10,}\.)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SHOULD = re.compile(r"^(Input|Value|String|Dictionary) should ")
_PLAINLY = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    **dict.fromkeys(("model_attributes_type", "dict_type"), "must be a JSON object"),
    **dict.fromkeys(("tuple_type", "list_type"), "must be a JSON list"),
    **dict.fromkeys(("int_type", "int_parsing"), "must be a whole number"),
    "string_type": "must be a text",
}
_MAX_VARIABLES, _MAX_VALUE = 50, 1024
_MAX_ALL_VARIABLES = 16 * 1024  # as JSON; a table's property holds 32 Ki characters
_MAX_LISTED, _MAX_FIELD = 50, 100


def _cloud_name(text: str) -> str:
    if not names.is_cloud_name(text):
        raise ValueError(f"must be {names.CLOUD_NAME_RULE}")
    return text


def _instance_type(text: str) -> str:
    parsed = names.parse_instance_type(text)
    if parsed is None:
        choices = ", ".join(names.INSTANCE_TYPES)
        raise ValueError(f"must be an Azure VM size such as {choices}")
    return parsed


def _environment(variables: dict[str, str]) -> dict[str, str]:
    if len(variables) > _MAX_VARIABLES:
        raise ValueError(f"has {len(variables)} entries; at most {_MAX_VARIABLES}")
    if len(json.dumps(variables)) > _MAX_ALL_VARIABLES:
        raise ValueError(f"is longer than {_MAX_ALL_VARIABLES} characters as JSON in ASCII")
    problems = [_variable_problem(name, value) for name, value in variables.items()]
    if any(problems):
        raise ValueError("; ".join(problem for problem in problems if problem))
    return variables


def _variable_problem(name: str, value: str) -> str:
    if not _VARIABLE.fullmatch(name):
        return f"{name[:40]!r} is no variable name: letters, digits and '_', up to 128"
    if len(value) > _MAX_VALUE or "\0" in value:
        return f"the value of {name} is longer than {_MAX_VALUE} characters, or holds NUL"
    if _SECRET_NAME.search(name) or _SECRET_VALUE.search(value):
        return (
            f"{name} looks like a secret and would be readable by everyone who can see the deployment; "
            "put it in Key Vault, let the endpoint's managed identity read it, and pass its name here"
        )
    return ""


def _model_name(text: str) -> str:
    if not names.is_model_name(text):
        raise ValueError(f"must be {names.MODEL_NAME_RULE}")
    return text


def _plain_text(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("holds control characters; line breaks and tabs are the only ones allowed")
    return text


ModelName = Annotated[str, AfterValidator(_model_name)]
PlainText = Annotated[str, Field(max_length=1000), AfterValidator(_plain_text)]
StatedText = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_plain_text)]
OneLine = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
CloudName = Annotated[str, AfterValidator(_cloud_name)]
InstanceType = Annotated[str, AfterValidator(_instance_type)]
EnvironmentVariables = Annotated[dict[str, str], AfterValidator(_environment)]


class DeployRequest(BaseModel):
    """A model of the catalogue, and how it is to be served."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    model_id: str = Field(
        min_length=1,
        max_length=64,
        description="Id of an uploaded model, as `POST /models` answered it.",
        examples=["model-1-1763490543100000"],
    )
    deployment_name: CloudName | None = Field(
        None, description=f"Generated as `deploy-{{id}}` if left out. {names.CLOUD_NAME_RULE}."
    )
    endpoint_name: CloudName | None = Field(
        None,
        description="An endpoint of yours to join, or a new name; `endpoint-{id}` if left out.",
    )
    instance_type: InstanceType = Field(
        names.DEFAULT_INSTANCE_TYPE, description=f"One of {', '.join(names.INSTANCE_TYPES)}, ..."
    )
    instance_count: int = Field(1, ge=1, le=names.MOST_INSTANCES, strict=True)
    description: PlainText = ""
    environment_variables: EnvironmentVariables = Field(
        default_factory=dict,
        description="Given to the serving container. No secrets: they are refused.",
    )


def _shares(shares: dict[str, int]) -> dict[str, int]:
    problems = [
        f"{name[:40]!r} is no deployment's name: {names.CLOUD_NAME_RULE}"
        for name in shares
        if not names.is_cloud_name(name)
    ]
    if len({name.lower() for name in shares}) < len(shares):
        problems.append("a deployment is named twice: names are the same in any case")
    if sum(shares.values()) not in (0, 100):
        problems.append(f"the shares sum up to {sum(shares.values())}: must be 100, or 0 for none")
    if problems:
        raise ValueError("; ".join(problems))
    return shares


class TrafficRequest(BaseModel):
    """The traffic an endpoint should have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    traffic: Annotated[
        dict[str, Annotated[int, Field(ge=0, le=100, strict=True)]],
        Field(max_length=MAX_SHARES),
        AfterValidator(_shares),
    ] = Field(
        description="Whole percents by the name of an active deployment; who is not named gets none. "
        "They sum up to 100, or to 0, where nobody is answered until another deployment is verified.",
        examples=[{"blue": 90, "green": 10}],
    )


class RotateRequest(BaseModel):
    """Which of an endpoint's keys is to be replaced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Literal["primary", "secondary"] = Field(
        description="Let all callers use the other one before.", examples=["secondary"]
    )


def parse_deploy_request(data: object) -> DeployRequest:
    """The validated request. Raises InvalidRequest with all problems."""
    return parse_model(DeployRequest, data)


def parse_model(kind: type[M], data: object) -> M:
    """Validates data of any source. Raises InvalidRequest with all problems."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False)) from error


def invalid(errors: Sequence[Any]) -> InvalidRequest:
    """The refusal that lists each wrong field of a validation, in the caller's own names.

    Of more than 50 it tells the first 50: what a caller sends does not make an answer endless.
    """
    problems = [
        {
            "field": _field(error["loc"]),
            "problem": _PLAINLY.get(error["type"]) or in_plain_words(error["msg"]),
        }
        for error in errors[:_MAX_LISTED]
    ]
    listed = "; ".join(f"{each['field']}: {each['problem']}" for each in problems)
    more = f"; and {len(errors) - _MAX_LISTED} more" if len(errors) > _MAX_LISTED else ""
    return InvalidRequest(
        "invalid_request",
        f"The request is not valid: {listed}{more}.",
        "Correct these fields and send the request again; nothing was stored.",
        problems=problems,
    )


def in_plain_words(message: str) -> str:
    """What pydantic says of a value, as a rule."""
    return _SHOULD.sub("must ", message.removeprefix("Value error, "))


def _field(place: Sequence[str | int]) -> str:
    """Where in the request, without the part of it (`body`, `query`) that holds everything."""
    parts = [str(part) for part in place]
    if parts[:1] and parts[0] in ("body", "query", "path", "header"):
        parts = parts[1:] or parts[:1]
    return ".".join(parts)[:_MAX_FIELD]


def fingerprint(kind: str, request: Mapping[str, Any]) -> str:
    """What makes two requests the same: sha256 over what is asked for, in canonical JSON.

    `request` is the validated request without its defaults, so that a field that comes to be later
    leaves the fingerprints of earlier requests as they are.
    """
    canonical = json.dumps([kind, request], sort_keys=True, separators=(",", ":"))
    return f"{_FINGERPRINTS}:{hashlib.sha256(canonical.encode()).hexdigest()}"


def is_same_request(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same request.

    Fingerprints made in different ways cannot be compared: then the key alone tells.
    """
    return one == other or one.partition(":")[0] != other.partition(":")[0]


def request_key(source: str, request_id: str) -> str:
    """The row key of a keyed request; only the hash of what the caller chose is stored.

    `source` is a producer's, and empty for an `Idempotency-Key`. Neither holds a line break, so no two
    pairs have the same key.
    """
    return hashlib.sha256(f"{source}\n{request_id}".encode()).hexdigest()
