"""The schema, brought to its newest form."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from catalog.db import make_engine

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_LOCK = 0x63686F70  # any number, so long as it is always the same


def to_head(url: str) -> None:
    """Run what has not run yet, in one transaction. Several processes may call it at once: they wait for each other."""
    engine = make_engine(url, pool_size=1).execution_options(writes=True)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(config(connection), "head")
    engine.dispose()


def is_at_head(connection: Connection) -> bool:
    """Whether the schema is the one that this code was written for."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings; whatever runs migrations needs the connection."""
    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings
