"""The approved templates of an account, as its courier asks for them."""

from sqlalchemy.exc import SQLAlchemyError

from bot.outbox import Outgoing
from bot.reply import SendError
from catalog.db import Database
from catalog.template import Template, template_for


def template_of(database: Database, reply: Outgoing) -> Template | None:
    """The one that says what this reply says; None where there is none. Raises SendError."""
    if reply.bubble.notice is None:
        return None
    try:
        with database.reading() as db:
            return template_for(db, reply.account_id, reply.bubble.notice.purpose)
    except SQLAlchemyError as error:
        raise SendError(f"no database: {type(error).__name__}") from error
