"""What we remember of a talk, forgotten: the words on both sides, drafts, pictures. Keys and counts stay."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.attachment import Attachment
from bot.conversation import Conversation, Memory, dump_memory
from bot.inbox import InboxRow
from bot.outbox import OutboxRow

FORGOTTEN = "forgotten"


def forget_talk(db: Session, conversation: Conversation, but_inbox_id: int, now: datetime) -> None:
    """Empty every table of the talk, and its memory. `but_inbox_id`: the row at hand."""
    conversation.memory = dump_memory(db, Memory())
    conversation.taken_until, conversation.taken_by = None, ""
    conversation.left_alone = conversation.owed = False
    quietly = {"synchronize_session": False}
    hers = (InboxRow.account_id == conversation.account_id, InboxRow.sender == conversation.address)
    db.execute(
        update(InboxRow).where(*hers, InboxRow.id != but_inbox_id).values(body=None).execution_options(**quietly)
    )
    replies = update(OutboxRow).where(OutboxRow.conversation_id == conversation.id)
    db.execute(
        replies.where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
        .values(dead_at=now, error=FORGOTTEN)
        .execution_options(**quietly)
    )
    db.execute(replies.values(body=None).execution_options(**quietly))
    files = update(Attachment).where(Attachment.conversation_id == conversation.id)
    db.execute(
        files.where(Attachment.fetched_at.is_(None))
        .values(url=None, failed_at=now, error=FORGOTTEN)
        .execution_options(**quietly)
    )
    db.execute(files.where(Attachment.fetched_at.is_not(None)).values(error=FORGOTTEN).execution_options(**quietly))
