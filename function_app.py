"""The app that the Functions host loads: one blueprint per function folder, nothing opened here."""

import azure.functions as func

from functions.deploy_http.trigger import blueprint as deploy_http
from functions.deploy_worker.intake_trigger import blueprint as intake
from functions.deploy_worker.trigger import blueprint as deploy_worker
from functions.reconcile_timer.trigger import blueprint as reconcile_timer


def create_app() -> func.FunctionApp:
    """A fresh app; the host asks an app for its functions once only."""
    created = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for blueprint in (deploy_http, deploy_worker, intake, reconcile_timer):
        created.register_functions(blueprint)
    return created


app = create_app()
