"""What a person of the co-op does with a conversation from here: answer it, hand it back, take its pictures out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox, outbox, thread
from bot.attachment import Attachment
from bot.conversation import Conversation
from bot.event import HandedBack, Inbound, TakenOver
from bot.forget import forget_talk
from bot.i18n import sentence
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.permit import ANY_TIME, Permit, Terms, may_send
from bot.reply import Bubble
from bot.run.media import read_media
from bot.run.trouble import Trouble
from bot.understand.text import clean
from catalog.account import Account
from catalog.acts.forgetting import conversations_of, forget, orders_under_way
from catalog.audit import record
from catalog.case import Case, close_case, close_cases, open_cases
from catalog.erasure import ErasureState, erasure_by, settle
from catalog.vault import Vault

STAFF = "staff"
DATA_REQUEST = "data request"
LONGEST = 2000  # characters, the least that any channel takes
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "audio/amr": ".amr",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/wav": ".wav",
}


def answer(db: Session, case_id: int, words: str, now: datetime, terms: Mapping[str, Terms]) -> Permit:
    """Send these words to whoever the case is about, as typed by a person; the bot is silent there from now on.

    terms: by channel. Whether they may go now, or only when she writes again. Raises `Trouble` where there is nobody to
    write to.
    """
    conversation = _conversation(db, case_id)
    said = clean(words)
    if not said or len(words) > LONGEST:
        raise Trouble(f"an answer has 1 to {LONGEST} characters")
    _send(db, conversation, said, now, takes=True)
    record(db, STAFF, "answer", f"case:{case_id}", now)
    channel = db.get_one(Account, conversation.account_id).channel
    return may_send(terms.get(channel, ANY_TIME), now, touched_at=conversation.touched_at, by_person=True)


def close(db: Session, case_id: int, now: datetime) -> bool:
    """Somebody took care of it; where a person had the thread, it is the bot's again. False if no such case is open."""
    case = db.get(Case, case_id)
    if case is None or not close_case(db, case_id, now):
        return False
    conversation = db.get(Conversation, case.conversation_id) if case.conversation_id is not None else None
    if conversation is not None and conversation.taken_until is not None:
        close_cases(db, conversation.id, thread.CASE, now)
        back = Inbound("", conversation.address, f"handed back:{case_id}", now, HandedBack(STAFF))
        inbox.receive(db, [(conversation.account_id, back)], now)
    request = erasure_by(db, case.subject) if case.kind == DATA_REQUEST else None
    waits_elsewhere = any(one.subject == case.subject for one in open_cases(db))
    if request is not None and not waits_elsewhere:  # Meta's own: nothing is kept under the id that it gave us
        settle(request, ErasureState.NOBODY, now)
    record(db, STAFF, "close", f"case:{case_id}", now)
    return True


def erase(db: Session, case_id: int, now: datetime, language: str) -> Sequence[str]:
    """Forget whoever the case is about, in all her conversations, tell her, and close the case.

    Codes of her orders that are still under way: nobody knows any more to whom they go. Raises `Trouble` for a producer
    or somebody of the co-op, whose name stands on stamps and in books.
    """
    conversation = _conversation(db, case_id)
    hers = conversations_of(db, conversation.id)
    waiting = orders_under_way(db, conversation.id)
    if not forget(db, conversation.id, now):
        raise Trouble("she sells with the co-op or works for it: her part of the books has to be looked at by hand")
    for talk in db.scalars(select(Conversation).where(Conversation.id.in_(hers))):
        forget_talk(db, talk, 0, now)
    told = sentence("What we kept about you is deleted. Whenever you write again, we begin anew.", language)
    _send(db, conversation, told, now, takes=False)
    close_case(db, case_id, now)
    record(db, STAFF, "close", f"case:{case_id}", now)
    return waiting


def files(db: Session, conversation_id: int | None) -> list[Attachment]:
    """What she sent and we have, oldest first."""
    if conversation_id is None:
        return []
    hers = select(Attachment).where(Attachment.conversation_id == conversation_id, Attachment.path != "")
    return list(db.scalars(hers.order_by(Attachment.id)))


def take_out(db: Session, case_id: int, var_dir: Path, vault: Vault, folder: Path) -> list[Path]:
    """Write the pictures and voice notes of a case's conversation into a folder, opened. Raises `Trouble`."""
    conversation = _conversation(db, case_id)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for row in files(db, conversation.id):
        path = folder / f"{case_id}-{row.id}{ENDINGS.get(row.media_type, '.bin')}"
        path.write_bytes(read_media(var_dir, vault, row))
        written.append(path)
    return written


def _send(db: Session, conversation: Conversation, words: str, now: datetime, *, takes: bool) -> None:
    """takes: a person typed it, who has the thread from now on; otherwise the bot tells it."""
    event = TakenOver(STAFF, words) if takes else HandedBack(STAFF)
    cause = Inbound("", conversation.address, f"{STAFF}:{uuid4()}", now, event)
    inbox.receive(db, [(conversation.account_id, cause)], now)
    row = OutboxRow(
        account_id=conversation.account_id,
        channel=db.get_one(Account, conversation.account_id).channel,
        address=conversation.address,
        conversation_id=conversation.id,
        inbox_id=db.scalars(select(InboxRow.id).where(InboxRow.key == cause.key)).one(),
        created_at=now,
        by_person=takes,
        notice=not takes,
    )
    outbox.put(db, row, Bubble(words))
    db.flush()


def _conversation(db: Session, case_id: int) -> Conversation:
    case = db.get(Case, case_id)
    if case is None:
        raise Trouble(f"there is no case {case_id}")
    conversation = db.get(Conversation, case.conversation_id) if case.conversation_id is not None else None
    if conversation is None:
        raise Trouble(f"case {case_id} is about no conversation")
    return conversation
