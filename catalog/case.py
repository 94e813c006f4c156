"""Something that waits for a person of the co-op: a question, a complaint, a failed send."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId, vault_of

LONGEST_NOTE = 4000  # characters

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
    """The open case about this, opened if there is none. What is said about it later is added to its note."""
    case = _open_one(db, conversation_id, kind, subject)
    if case is not None:
        return _add(db, case, note, at)
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
        return _add(db, other, note, at)
    return case


def close_case(db: Session, case_id: int, at: datetime) -> bool:
    """Somebody took care of it. False, and nothing changed, if no such case is open."""
    change = update(Case).where(Case.id == case_id, Case.closed_at.is_(None)).values(closed_at=at).returning(Case.id)
    return db.scalar(change) is not None


def close_cases(db: Session, conversation_id: int, kind: str, at: datetime, subject: str = "") -> None:
    """What waited for a person here, of this kind and about this, has settled itself."""
    mine = (Case.conversation_id == conversation_id, Case.kind == kind, Case.subject == subject)
    db.execute(
        update(Case)
        .where(*mine, Case.closed_at.is_(None))
        .values(closed_at=at)
        .execution_options(synchronize_session=False)
    )


def open_cases(db: Session) -> list[Case]:
    """All that wait, oldest first."""
    return list(db.scalars(select(Case).where(Case.closed_at.is_(None)).order_by(Case.opened_at, Case.id)))


def note_of(db: Session, case: Case) -> str:
    """What she wrote, later words with their time under the first ones. Empty if nothing. Raises `Unsealable`."""
    return "" if case.note is None else vault_of(db).open(case.note).decode()


def _open_one(db: Session, conversation_id: int | None, kind: str, subject: str) -> Case | None:
    if conversation_id is None:
        return None
    same = (Case.conversation_id == conversation_id, Case.kind == kind, Case.subject == subject)
    wanted = select(Case).where(*same, Case.closed_at.is_(None)).with_for_update()
    return db.scalar(wanted, execution_options={"populate_existing": True})


def _add(db: Session, case: Case, words: str, at: datetime) -> Case:
    """A line for the time, with the words if there are any; from `LONGEST_NOTE` on the oldest words go."""
    line = f"{at.isoformat(' ', 'minutes')} {words}".rstrip()
    note = "\n".join(filter(None, (note_of(db, case), line)))
    kept = note if len(note) <= LONGEST_NOTE else f"…{note[1 - LONGEST_NOTE :]}"
    case.note = vault_of(db).seal(kept.encode())
    db.flush()
    return case
