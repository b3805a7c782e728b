"""Things in the cloud that somebody else made."""

from shared.cloud_ports import NewModel
from shared.domain import names
from shared.domain.records import Deployment
from tests.service.world import World


def register_foreign(world: World, name: str, **tags: str) -> None:
    """Somebody else's model holds the name."""
    model = NewModel(name=name, version="1", path="packages/other", description="", tags=tags)
    world.cloud._models[(name, "1")] = model
    world.cloud._registered[(name, "1")] = world.clock.now()


def base_name(record: Deployment) -> str:
    return names.registry_name(record.model_name, record.id)
