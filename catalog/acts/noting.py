"""What is noted down of a talk: a case for a person of the co-op, a wish, a look at a stamp."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import consent
from catalog.acts import Refused, Result, Who
from catalog.acts.person import CaseOpened, Counted, OpenCase, RecordScan, Wish, WishKept
from catalog.acts.standing import person_of
from catalog.case import open_case
from catalog.scan import Look, count_looks
from catalog.signs import alarm
from catalog.stamp import TraceCode

_LONGEST_WISH = 80


def call_somebody(db: Session, who: Who, command: OpenCase) -> Result:
    case = open_case(
        db,
        who.account_id,
        who.conversation_id,
        command.kind,
        subject=command.subject,
        note=command.note,
        at=who.now,
    )
    return CaseOpened(case.id)


def keep_wish(db: Session, who: Who, command: Wish) -> Result:
    """Once for each conversation and thing that she waits for."""
    words = " ".join(command.words.split())[:_LONGEST_WISH]
    if not words:
        return Refused()
    waiting = select(consent.Wish.words).where(
        consent.Wish.conversation_id == who.conversation_id, consent.Wish.told_at.is_(None)
    )
    if words.casefold() not in (kept.casefold() for kept in db.scalars(waiting)):
        db.add(
            consent.Wish(
                conversation_id=who.conversation_id,
                person_id=person_of(db, who),
                words=words,
                channel=who.channel,
                wished_at=who.now,
            )
        )
        db.flush()
    return WishKept(words)


def count_scan(db: Session, who: Who, command: RecordScan) -> Result:
    """Counted; Refused, and nothing kept, for a code that is in nobody's book."""
    if db.scalar(select(TraceCode.id).where(TraceCode.code == command.code)) is None:
        return Refused()
    db.flush()
    count_scans(db, [(who, command)])
    return Counted(command.code)


def count_scans(db: Session, looks: Sequence[tuple[Who, RecordScan]]) -> None:
    """Many looks at once, at codes that are in somebody's book for sure. What is odd is told to staff."""
    count_looks(db, [Look(look.code, who.channel, f"{who.account_id}:{who.address}", who.now) for who, look in looks])
    for who, look in looks:
        if look.sign:
            alarm(db, look.code, look.sign, who.now)
