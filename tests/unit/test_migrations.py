"""The migrations lead to exactly the tables that the code is written for."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot import attachment, conversation, figure, inbox, outbox, upload
from catalog.db import Database, make_engine
from catalog.migrate import is_at_head, to_head
from catalog.tables import METADATA

TABLES_OF_THE_TALK = (attachment, conversation, figure, inbox, outbox, upload)


def test_a_migrated_database_has_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert is_at_head(connection)


def test_migrating_again_changes_nothing(demo: Database) -> None:
    to_head(demo.url)
    with demo.engine.connect() as connection:
        assert is_at_head(connection)


def test_an_empty_database_is_not_at_head(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'chophien.db'}")
    with engine.connect() as connection:
        assert not is_at_head(connection)
    engine.dispose()
