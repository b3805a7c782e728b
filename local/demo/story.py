"""What the demo shows, in order: each part is a few calls that anybody can make."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from local.cloud import LocalCloud
from local.demo import timeline, training
from local.demo.api import Api, Json
from local.demo.failure import DemoFailure
from local.demo.training import Trained


@dataclass(frozen=True, slots=True)
class Live:
    """A deployment that is active, and the model it serves."""

    deployment: Json
    trained: Trained

    @property
    def path(self) -> str:
        """Of the deployment, in the API."""
        return f"/deployments/{self.deployment['id']}"


def tell(api: Api, cloud: LocalCloud, folder: Path, console: Console) -> None:
    """Tells it from beginning to end. Raises DemoFailure where the cloud does not play along."""
    teller = _Teller(api, console)
    console.rule("1  A model, from file to endpoint", align="left")
    first = teller.deploy(training.train_pipeline(folder))
    console.rule("2  Predictions", align="left")
    key = teller.read_key(first)
    teller.score(first, key)
    console.rule("3  A second version on the same endpoint", align="left")
    second = teller.deploy(training.train_forest(folder), beside=first)
    endpoint = api.get(f"/endpoints/{first.deployment['endpoint_name']}")
    shares = ", ".join(f"{name} {share} %" for name, share in endpoint["traffic"].items())
    console.print(f"  traffic: {shares}; so the second is called by its name")
    teller.score(second, key, by_name=True)
    console.rule("4  Delete both", align="left")
    teller.delete(first, traffic_to=second.deployment["deployment_name"])
    teller.delete(second)
    console.rule("5  What is left", align="left")
    teller.require_nothing_left(cloud)


class _Teller:
    """The parts of the story."""

    def __init__(self, api: Api, console: Console) -> None:
        self._api = api
        self._console = console

    def deploy(self, trained: Trained, *, beside: Live | None = None) -> Live:
        """Uploads a model and deploys it, to a new endpoint or beside another."""
        self._console.print(
            f"  trained {trained.algorithm} on scikit-learn's wine data: "
            f"accuracy {trained.accuracy:.3f} on rows it has not seen"
        )
        model = self._api.upload(
            trained.file,
            model_name="wine",
            algorithm=trained.algorithm,
            metrics=f'{{"accuracy": {trained.accuracy:.3f}}}',
        )
        self._console.print(f"  read without being loaded: {model['verdict']}; id {model['id']}")
        wanted = {"model_id": model["id"]}
        if beside:
            wanted["endpoint_name"] = beside.deployment["endpoint_name"]
        accepted = self._api.post("/deployments/deploy", wanted)
        deployment = timeline.watch_deploy(self._api, self._console, accepted["deployment_id"])
        return Live(deployment, trained)

    def read_key(self, live: Live) -> str:
        """The endpoint's key."""
        endpoint = live.deployment["endpoint_name"]
        return str(self._api.get(f"/endpoints/{endpoint}/keys")["primary_key"])

    def score(self, live: Live, key: str, *, by_name: bool = False) -> None:
        """Scores rows and shows them beside the model's own. Raises DemoFailure if they differ."""
        predictions = self._api.score(
            live.deployment["scoring_uri"],
            key,
            live.trained.payload,
            deployment=live.deployment["deployment_name"] if by_name else "",
        )
        own = live.trained.predictions
        self._console.print(f"    {'wine':>6}  {'the endpoint':<14}the model itself")
        rows = live.trained.payload["input_data"]["index"]
        for row, predicted, expected in zip(rows, predictions, own, strict=False):
            self._console.print(f"    {row:>6}  {predicted:<14}{expected}", markup=False)
        if predictions != own:
            raise DemoFailure(f"the endpoint predicts {predictions}, the model itself {own}")
        self._console.print(f"  {len(own)} of {len(own)} are the same", style="green")

    def delete(self, live: Live, *, traffic_to: str = "") -> None:
        """Deletes a deployment and waits until the cloud side is confirmed to be gone."""
        query = f"?traffic_to={traffic_to}" if traffic_to else ""
        self._api.delete(live.path + query)
        timeline.watch_delete(self._api, self._console, live.deployment["id"])
        self._console.print("  torn down, and confirmed", style="green")

    def require_nothing_left(self, cloud: LocalCloud) -> None:
        """Asks Longshore and the cloud itself. Raises DemoFailure naming what is left."""
        listed = self._api.get("/deployments/list")["deployments"]
        if listed:
            raise DemoFailure(f"Longshore still lists {[each['id'] for each in listed]}")
        left = cloud.resources()
        for kind in ("endpoints", "deployments", "models"):
            found: list[Any] = left[kind]
            self._console.print(f"  {kind} in the Azure ML workspace: {len(found)}")
        if not left["empty"]:
            raise DemoFailure(f"the Azure ML workspace still holds {left}")
