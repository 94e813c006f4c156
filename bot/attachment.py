"""Pictures and voice notes that people sent: where the platform keeps them, until we have them ourselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.elements import ColumnElement

from catalog.db import Base, BigId, vault_of

MOST_OF_ONE_MESSAGE = 10
MOST_TRIES = 5
BACK_OFF = (1, 4, 15, 60)  # seconds after the first, second, … try
LEASE = timedelta(seconds=60)
"""How long one process may keep a row to itself: a fetch is over long before, and after a crash another begins then."""
FORGOTTEN = "forgotten"
"""The `error` of a row whose file must go: its person asked for that."""

_WAITS = text("fetched_at IS NULL AND failed_at IS NULL")


class Attachment(Base):
    """One file. Waiting while `fetched_at` and `failed_at` are empty.

    url: sealed; gone once it is fetched, because it may be a key to the file. kind: "photo" or "voice". path: under
    VAR_DIR/media, sealed content. media_type: by its first bytes, never by what the platform claims.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("inbox_id", "place"),
        Index("ix_attachment_waiting", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    conversation_id: Mapped[int] = mapped_column(BigId, index=True)
    inbox_id: Mapped[int] = mapped_column(BigId)
    place: Mapped[int] = mapped_column()  # which of several in one message, from 0
    kind: Mapped[str] = mapped_column(String(8))
    url: Mapped[bytes | None]
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(80), default="")
    media_type: Mapped[str] = mapped_column(String(40), default="")
    size: Mapped[int] = mapped_column(default=0)
    path: Mapped[str] = mapped_column(String(120), default="")


_WAITING = Attachment.fetched_at.is_(None) & Attachment.failed_at.is_(None)


def keep_attachments(  # noqa: PLR0917 (in the order of the columns)
    db: Session, account_id: int, conversation_id: int, inbox_id: int, kind: str, urls: Sequence[str], now: datetime
) -> int:
    """Remember to fetch what came with this message, once; the first `MOST_OF_ONE_MESSAGE`. How many are new."""
    there = set(db.scalars(select(Attachment.place).where(Attachment.inbox_id == inbox_id)))
    new = [
        Attachment(
            account_id=account_id,
            conversation_id=conversation_id,
            inbox_id=inbox_id,
            place=place,
            kind=kind,
            url=vault_of(db).seal(url.encode("utf-8", "replace")),
            created_at=now,
        )
        for place, url in enumerate(urls[:MOST_OF_ONE_MESSAGE])
        if url and place not in there
    ]
    db.add_all(new)
    db.flush()
    return len(new)


def due(db: Session, now: datetime, limit: int) -> list[Attachment]:
    """What waits and may be tried now, oldest first."""
    return list(db.scalars(select(Attachment).where(*_may_be_tried(now)).order_by(Attachment.id).limit(limit)))


def claim(db: Session, row: Attachment, now: datetime) -> int:
    """Take a row that was read as `due`, until the `LEASE` is over: which try this is, 0 if another process has it."""
    tries = row.tries + 1
    mine = (Attachment.id == row.id, Attachment.tries == row.tries, *_may_be_tried(now))
    return tries if _change(db, mine, tries=tries, next_at=now + LEASE) else 0


def mark_fetched(
    db: Session, attachment_id: int, tries: int, now: datetime, *, path: str, media_type: str, size: int
) -> bool:
    """We have it: its link is forgotten. False if the row is gone, or somebody else's by now."""
    return _change(
        db,
        _held(attachment_id, tries),
        url=None,
        next_at=None,
        fetched_at=now,
        error="",
        path=path,
        media_type=media_type,
        size=size,
    )


def put_off(db: Session, attachment_id: int, tries: int, now: datetime, why: str) -> bool:
    """To be tried again after a while. False if the row is gone, or somebody else's by now."""
    wait = timedelta(seconds=BACK_OFF[min(tries, len(BACK_OFF)) - 1])
    return _change(db, _held(attachment_id, tries), next_at=now + wait, error=why[:80])


def mark_failed(db: Session, attachment_id: int, tries: int, now: datetime, why: str) -> bool:
    """Never to be tried again. False if the row is gone, or somebody else's by now."""
    return _change(db, _held(attachment_id, tries), url=None, next_at=None, failed_at=now, error=why[:80])


def _may_be_tried(now: datetime) -> Sequence[ColumnElement[bool]]:
    return (_WAITING, or_(Attachment.next_at.is_(None), Attachment.next_at <= now))


def _held(attachment_id: int, tries: int) -> Sequence[ColumnElement[bool]]:
    """The fence: every claim counts a try, so that nobody marks a row that another has taken since."""
    return (Attachment.id == attachment_id, Attachment.tries == tries, _WAITING)


def _change(db: Session, which: Sequence[ColumnElement[bool]], **values: object) -> bool:
    change = update(Attachment).where(*which).values(**values).execution_options(synchronize_session=False)
    return bool(db.execute(change).rowcount == 1)  # type: ignore[attr-defined]
