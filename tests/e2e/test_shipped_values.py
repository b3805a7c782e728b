"""What tests elsewhere show with short times, once with the times that are shipped."""

from contextlib import closing
from pathlib import Path

import pytest

from local.cloud import LocalCloud, Options
from shared.domain.records import Step
from shared.settings import Settings
from tests.e2e.conftest import EVERY_CALL_SLOW, Faults
from tests.e2e.models import saved, wine_model
from tests.e2e.user import User
from tests.e2e.watch import Watch

SHIPPED_SWEEP = "0 * * * * *"


@pytest.mark.proof
def test_a_killed_worker_is_replaced_within_its_lease_and_about_a_minute(tmp_path: Path) -> None:
    options = Options(folder=tmp_path, in_memory=True, settings={"SWEEP_SCHEDULE": SHIPPED_SWEEP})
    lease = Settings.model_fields["lease_seconds"].default
    late = Settings.model_fields["rehint_after_seconds"].default

    with LocalCloud(options) as cloud, closing(User(cloud.base_url)) as user:
        faults = Faults(cloud.azure_ml_url)
        faults.add("*", ".", EVERY_CALL_SLOW, times=0)
        deployment_id = user.deploy(user.upload(saved(wine_model())))
        Watch(cloud, deployment_id).wait_inside(Step.DEPLOYMENT)
        cloud.kill_worker()
        faults.clear()

        user.wait_active(deployment_id, seconds=lease + late + 60 + 30)

        found = [each["name"] for each in cloud.resources()["deployments"]]
        assert found == [user.look(deployment_id)["deployment_name"]]
