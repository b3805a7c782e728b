"""The seven phases that a user sees a deployment go through, in order."""

ACCEPTED = "accepted"
PREPARED = "model_prepared"
AUTHENTICATED = "authenticated"
REGISTERED = "registered"
ENDPOINT_READY = "endpoint_ready"
DEPLOYMENT_READY = "deployment_ready"
FINISHED = "finished"

PHASES: dict[str, str] = {
    ACCEPTED: "Request accepted",
    PREPARED: "Model fetched, inspected and packaged as MLflow",
    AUTHENTICATED: "Signed in to Azure ML",
    REGISTERED: "Model registered",
    ENDPOINT_READY: "Endpoint ready",
    DEPLOYMENT_READY: "Deployment ready",
    FINISHED: "Live: verified, scoring address on record",
}
