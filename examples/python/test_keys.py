"""The program without an engine and without a service: `pytest`."""

import pulumi
from pulumi_apikeys.testing import ApikeysMocks

pulumi.runtime.set_mocks(ApikeysMocks())
pulumi.runtime.set_all_config({"project:dashboardScopes": '["read:checks"]'})

import keys  # noqa: E402 - after the mocks, which it needs


@pulumi.runtime.test
def test_the_dashboards_key_reads_checks_for_90_days():
    def check(args):
        scopes, created, expires = args
        assert scopes == ["read:checks"]
        assert created < expires

    return pulumi.Output.all(keys.dashboard.scopes, keys.dashboard.created_at, keys.dashboard.expires_at).apply(check)


@pulumi.runtime.test
def test_the_exporters_key_rotates_and_its_secret_is_one():
    def check(args):
        generation, next_rotation, is_secret = args
        assert generation == 1
        assert next_rotation.endswith("Z")
        assert is_secret

    is_secret = pulumi.Output.from_input(keys.exporter.secret.is_secret())
    return pulumi.Output.all(keys.exporter.generation, keys.exporter.next_rotation_at, is_secret).apply(check)
