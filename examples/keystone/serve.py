"""Serves the Keystone of keystone.conf on http://127.0.0.1:5000, to try the example on."""
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.serving import run_simple


@event.listens_for(Engine, "connect")
def _enforce_foreign_keys(connection, _record):
    # SQLite leaves them off, and a new user would find what is left of a deleted one.
    connection.execute("PRAGMA foreign_keys=ON")


from keystone.wsgi.api import application  # noqa: E402

# One request at a time: SQLite refuses a second writer.
run_simple("127.0.0.1", 5000, application)
