"""Alembic's entry: `catalog.migrate` calls it with an open connection, inside the transaction that it commits.

The next migration is drafted, against a migrated database, by
`alembic.command.revision(catalog.migrate.config(connection), "What it does", autogenerate=True, rev_id="0002")`.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from bot import attachment, conversation, figure, inbox, outbox, upload
from catalog.tables import METADATA

# Imported, so that the metadata knows them.
_TABLES_OF_THE_TALK = (attachment, conversation, figure, inbox, outbox, upload)


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types as what they are in the database: a migration must not change when they do."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_item=render_item,
    transactional_ddl=True,
)
context.run_migrations()
