"""Makes Keystone's database, its encryption keys and its administrator, in one process: `python prepare.py CONFIG URL`.

The administrator's password comes from the environment, where no list of processes shows it.
"""
import grp
import os
import pwd
import sys

from keystone.cmd import cli

config, url = sys.argv[1:]
owner = [f"--keystone-user={pwd.getpwuid(os.getuid()).pw_name}", f"--keystone-group={grp.getgrgid(os.getgid()).gr_name}"]
bootstrap = [
    "bootstrap",
    "--bootstrap-username=admin",
    f"--bootstrap-password={os.environ['TEST_ADMIN_PASSWORD']}",
    "--bootstrap-project-name=admin",
    "--bootstrap-role-name=admin",
    "--bootstrap-service-name=keystone",
    "--bootstrap-region-id=RegionOne",
    f"--bootstrap-public-url={url}",
]
for command in (["db_sync"], ["fernet_setup", *owner], ["credential_setup", *owner], bootstrap):
    cli.CONF.reset()  # it takes one command line otherwise
    cli.main(argv=["keystone-manage", "--config-file", config, *command])
