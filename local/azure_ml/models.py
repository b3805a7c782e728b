"""The model registry: containers (a name) and versions (a path in storage, tags, flavors).

Numbers go on after a deletion, a version's path never changes, and one that is deployed cannot
be deleted. Facts: `docs/emulator.md`.
"""

import asyncio
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.azure_ml import arm, emulator, flavors
from local.azure_ml.errors import ArmError, model_not_found, user_error
from local.azure_ml.state import Resource

CONTAINERS = "workspaces/models"
VERSIONS = "workspaces/models/versions"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


def routes(workspace: str) -> list[Route]:
    """The routes below a workspace's path."""
    model = f"{workspace}/models/{{model}}"
    version = f"{model}/versions/{{version}}"
    return [
        Route(f"{workspace}/models", list_containers, methods=["GET"]),
        Route(model, get_container, methods=["GET"]),
        Route(model, put_container, methods=["PUT"]),
        Route(model, delete_container, methods=["DELETE"]),
        Route(f"{model}/versions", list_versions, methods=["GET"]),
        Route(version, get_version, methods=["GET"]),
        Route(version, put_version, methods=["PUT"]),
        Route(version, delete_version, methods=["DELETE"]),
    ]


async def list_containers(request: Request) -> Response:
    """Names only: tags and paths belong to the versions."""
    parts = emulator.of(request)
    found = parts.store.children(arm.workspace(request).id, "model")
    shown = [held for held in found if _is_viewed(request, held) and _versions(request, held)]
    shown_page, link = arm.page(request, shown, parts.settings.page_size)
    documents = [arm.document(held, CONTAINERS) for held in shown_page]
    return JSONResponse(arm.listing(documents, link))


async def get_container(request: Request) -> Response:
    """One container, with the next free version number."""
    return JSONResponse(arm.document(_container(request), CONTAINERS))


async def put_container(request: Request) -> Response:
    """Creates a container, or updates its description, tags and archived mark."""
    given = (await arm.json_object(request)).get("properties") or {}
    known = _find_container(request)
    container = known or _new_container(request)
    container.properties["tags"] = given.get("tags") or {}
    container.properties["description"] = given.get("description")
    container.properties["isArchived"] = bool(given.get("isArchived"))
    arm.touch(container)
    emulator.of(request).store.save(container)
    return JSONResponse(arm.document(container, CONTAINERS), 200 if known else 201)


async def delete_container(request: Request) -> Response:
    """Deletes a container with its versions; its numbers are not given out again."""
    container = _find_container(request)
    versions = _versions(request, container) if container else []
    if container is None or not versions:
        return Response(status_code=204)
    for version in versions:
        _require_unused(request, version)
    for version in versions:
        emulator.of(request).store.remove(version)
    _note_latest(request, container)
    return Response(status_code=200)


async def list_versions(request: Request) -> Response:
    """The versions of a container, in full."""
    parts = emulator.of(request)
    found = [held for held in _versions(request, _container(request)) if _is_viewed(request, held)]
    shown, link = arm.page(request, found, parts.settings.page_size)
    documents = [arm.document(held, VERSIONS) for held in shown]
    return JSONResponse(arm.listing(documents, link))


async def get_version(request: Request) -> Response:
    """One version, archived ones included."""
    version = _find_version(request)
    if version is None:
        raise model_not_found(f"{request.path_params['model']}:{request.path_params['version']}")
    return JSONResponse(arm.document(version, VERSIONS))


async def put_version(request: Request) -> Response:
    """Registers a version whose files are in storage, or updates what may change of one."""
    given = (await arm.json_object(request)).get("properties") or {}
    known = _find_version(request)
    if known is None:
        found = await asyncio.to_thread(flavors.read, emulator.of(request).storage, given)
        known = _find_version(request)  # another caller may have registered it meanwhile
        if known is None:
            created = _register(request, given, found)
            return JSONResponse(arm.document(created, VERSIONS), 201)
    _update(request, known, given)
    return JSONResponse(arm.document(known, VERSIONS))


async def delete_version(request: Request) -> Response:
    """Deletes a version that no deployment uses; its files stay."""
    version = _find_version(request)
    if version is None:
        return Response(status_code=204)
    _require_unused(request, version)
    emulator.of(request).store.remove(version)
    _note_latest(request, _container(request))
    return Response(status_code=200)


def _container_id(request: Request) -> str:
    return f"{arm.workspace(request).id}/models/{request.path_params['model']}"


def _find_container(request: Request) -> Resource | None:
    return emulator.of(request).store.find(_container_id(request))


def _container(request: Request) -> Resource:
    container = _find_container(request)
    if container is None:
        raise model_not_found(request.path_params["model"])
    return container


def _find_version(request: Request) -> Resource | None:
    number = request.path_params["version"]
    return emulator.of(request).store.find(f"{_container_id(request)}/versions/{number}")


def _versions(request: Request, container: Resource) -> list[Resource]:
    return emulator.of(request).store.children(container.id, "version")


def _is_viewed(request: Request, resource: Resource) -> bool:
    view = request.query_params.get("listViewType", "ActiveOnly").lower()
    archived: bool = resource.properties["isArchived"]
    return {"activeonly": not archived, "archivedonly": archived}.get(view, True)


def _new_container(request: Request) -> Resource:
    name = request.path_params["model"]
    if not _NAME.fullmatch(name):
        raise user_error(f"The model name {name} is not valid.")
    properties: dict[str, Any] = {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        "latestVersion": None,
        "nextVersion": "1",
        "provisioningState": "Succeeded",
    }
    return Resource(
        id=_container_id(request),
        kind="model",
        parent=arm.workspace(request).id,
        name=name,
        body={"properties": properties, "systemData": arm.created()},
    )


def _register(request: Request, given: dict[str, Any], found: dict[str, Any]) -> Resource:
    container = _find_container(request) or _new_container(request)
    number = request.path_params["version"]
    if not _NAME.fullmatch(number):
        raise user_error(f"The model version {number} is not valid.")
    properties = {
        "description": given.get("description"),
        "tags": given.get("tags") or {},
        "properties": given.get("properties") or {},
        "isArchived": bool(given.get("isArchived")),
        "isAnonymous": bool(given.get("isAnonymous")),
        "flavors": found,
        "modelType": given.get("modelType") or "custom_model",
        "modelUri": given["modelUri"],
        "jobName": given.get("jobName"),
        "stage": given.get("stage"),
        "provisioningState": "Succeeded",
    }
    version = Resource(
        id=f"{container.id}/versions/{number}",
        kind="version",
        parent=container.id,
        name=number,
        body={"properties": properties, "systemData": arm.created()},
    )
    if number.isdigit():
        following = max(int(container.properties["nextVersion"]), int(number) + 1)
        container.properties["nextVersion"] = str(following)
    emulator.of(request).store.save(version)
    _note_latest(request, container)
    return version


def _update(request: Request, version: Resource, given: dict[str, Any]) -> None:
    path_of = emulator.of(request).storage.path_of
    if path_of(given.get("modelUri") or "") != path_of(version.properties["modelUri"]):
        raise user_error("Asset paths cannot be updated.")
    version.properties["tags"] = given.get("tags") or {}
    version.properties["isArchived"] = bool(given.get("isArchived"))
    if given.get("description") is not None:
        version.properties["description"] = given["description"]
    arm.touch(version)
    emulator.of(request).store.save(version)


def _note_latest(request: Request, container: Resource) -> None:
    versions = _versions(request, container)
    container.properties["latestVersion"] = versions[-1].name if versions else None
    emulator.of(request).store.save(container)


def _require_unused(request: Request, version: Resource) -> None:
    store = emulator.of(request).store
    users = [
        f"{held.parent.rpartition('/')[2]}/{held.name}"
        for held in store.of_kind("deployment", request.path_params["subscription"])
        if held.properties["model"].lower() == version.id.lower()
    ]
    if users:
        name = f"{request.path_params['model']}:{version.name}"
        message = f"Model {name} is used by deployments: {', '.join(users)}"
        raise ArmError(409, "ModelVersionInUse", message)
