"""Keystone as gunicorn runs it: `python -m gunicorn loopback_app:application`."""
import sys

# Keystone's configuration would read gunicorn's own arguments as its own.
sys.argv = sys.argv[:1]

from sqlalchemy import event  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402


@event.listens_for(Engine, "connect")
def _enforce_foreign_keys(connection, _record):
    # SQLite leaves them off, and gives the row numbers of deleted users again: a new user would find a dead one's credentials.
    connection.execute("PRAGMA foreign_keys=ON")


from keystone.wsgi.api import application  # noqa: E402,F401
