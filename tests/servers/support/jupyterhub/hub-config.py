"""JupyterHub as the tests want it. What differs from run to run comes from the environment."""
import os

port, hub_port, proxy_port = (int(port) for port in os.environ["TEST_PORTS"].split())
c = get_config()  # noqa: F821

c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub_port}"
# Left to the hub, the proxy would run in a session of its own and could outlive the tests.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy_port}"
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "null"  # nobody logs in
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.token_expires_in_max_seconds = int(os.environ["TEST_MOST_SECONDS"])

# Scopes that mean nothing to the hub: keys can hold and lose them.
c.JupyterHub.custom_scopes = {
    "custom:reports:read": {"description": "read reports"},
    "custom:reports:write": {"description": "write reports", "subscopes": ["custom:reports:read"]},
    "custom:deploy": {"description": "deploy"},
}
c.JupyterHub.load_groups = {"service-accounts": {"users": []}, "deployers": {"users": []}}
c.JupyterHub.services = [
    {"name": "provisioner", "api_token": os.environ["TEST_ADMIN_TOKEN"]},
    {"name": "limited", "api_token": os.environ["TEST_LIMITED_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {
        # What a connection's credential needs, and the custom scopes: it may only give what it holds.
        "name": "provisioner",
        "scopes": ["admin:users", "groups", "tokens", "custom:reports:write", "custom:deploy"],
        "services": ["provisioner"],
    },
    {
        "name": "limited",
        "scopes": ["admin:users!group=service-accounts", "tokens!group=service-accounts"],
        "services": ["limited"],
    },
    {
        "name": "service-account",
        "scopes": ["custom:reports:write", "custom:deploy", "list:users"],
        "groups": ["service-accounts"],
    },
    {"name": "deployer", "scopes": ["custom:deploy"], "groups": ["deployers"]},
]
