"""A JupyterHub to try the example on: the lines that matter go into your own hub's config, too."""
import os

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = "null"  # nobody logs in here
c.JupyterHub.spawner_class = "simple"

# What the connection's credential needs: to make users, to put them into groups, to make their tokens.
# A credential can give no scope that it lacks, so it holds the custom ones as well.
c.JupyterHub.services = [{"name": "pulumi", "api_token": os.environ["JUPYTERHUB_ADMIN_TOKEN"]}]
c.JupyterHub.custom_scopes = {
    "custom:reports:read": {"description": "read reports"},
    "custom:reports:write": {"description": "write reports", "subscopes": ["custom:reports:read"]},
}
c.JupyterHub.load_groups = {"service-accounts": {"users": []}}
c.JupyterHub.load_roles = [
    {
        "name": "pulumi",
        "scopes": ["admin:users", "groups", "tokens", "custom:reports:write", "list:users"],
        "services": ["pulumi"],
    },
    # The most that the tokens of the group's members can do.
    {
        "name": "service-account",
        "scopes": ["custom:reports:write", "list:users"],
        "groups": ["service-accounts"],
    },
]
