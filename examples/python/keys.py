"""Two keys, a plain one and one that rotates."""

import pulumi
import pulumi_apikeys as apikeys

labels = {"owner": "web", "purpose": "status page"}

dashboard = apikeys.ApiKey(
    "dashboard",
    scopes=pulumi.Config().require_object("dashboardScopes"),
    expires_in="90d",
    labels=labels,
)

exporter = apikeys.RotatingApiKey(
    "exporter",
    scopes=[apikeys.PulselyScope.READ_METRICS],  # or "read:metrics"
    rotate_every="90d",
    labels=labels,
)
