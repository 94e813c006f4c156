"""Something that waits for a person of the co-op: a question, a complaint, a failed send."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId, vault_of

_STILL_OPEN = text("closed_at IS NULL")


class Case(Base):
    """At most one open case for a conversation, kind and subject."""

    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "uq_cases_open",
            "conversation_id",
            "kind",
            "subject",
            unique=True,
            sqlite_where=_STILL_OPEN,
            postgresql_where=_STILL_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))  # question, complaint, suspicious stamp, failed send, …
    subject: Mapped[str] = mapped_column(default="")  # a code, an order: never personal data
    note: Mapped[bytes | None]  # sealed: what she wrote
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


def open_case(
    db: Session, account_id: int, conversation_id: int | None, kind: str, *, subject: str, note: str, at: datetime
) -> Case:
    """The open case about this, opened if there is none. A repeated wish keeps the first note."""
    case = _open_one(db, conversation_id, kind, subject)
    if case is not None:
        return case
    case = Case(
        account_id=account_id,
        conversation_id=conversation_id,
        kind=kind,
        subject=subject,
        note=vault_of(db).seal(note.encode()) if note else None,
        opened_at=at,
    )
    try:
        with db.begin_nested():
            db.add(case)
    except IntegrityError:  # somebody else opened it since we looked
        other = _open_one(db, conversation_id, kind, subject)
        if other is None:
            raise
        return other
    return case


def open_cases(db: Session) -> list[Case]:
    """All that wait, oldest first."""
    return list(db.scalars(select(Case).where(Case.closed_at.is_(None)).order_by(Case.opened_at, Case.id)))


def note_of(db: Session, case: Case) -> str:
    """What she wrote, or empty. Raises `Unsealable`."""
    return "" if case.note is None else vault_of(db).open(case.note).decode()


def _open_one(db: Session, conversation_id: int | None, kind: str, subject: str) -> Case | None:
    if conversation_id is None:
        return None
    same = (Case.conversation_id == conversation_id, Case.kind == kind, Case.subject == subject)
    return db.scalar(select(Case).where(*same, Case.closed_at.is_(None)))
