"""What is noted down of a talk: a case for a person of the co-op, a wish, a look at a stamp."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from catalog import consent
from catalog.acts import Refused, Result, Who
from catalog.acts.person import CaseOpened, Counted, OpenCase, RecordScan, Wish, WishKept
from catalog.acts.standing import person_of
from catalog.case import open_case
from catalog.stamp import Scan, code_of, scan_key

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
    if code_of(db, command.code) is None:
        return Refused()
    key = scan_key(db, who.today)
    person = hmac.new(key, f"{who.account_id}:{who.address}".encode(), hashlib.sha256).hexdigest()
    db.add(Scan(code=command.code, channel=who.channel, scanned_at=who.now, person_hash=person))
    db.flush()
    return Counted(command.code)


def count_scans(db: Session, looks: Sequence[tuple[Who, str]]) -> None:
    """Many looks at once, at codes that are in somebody's book for sure: one INSERT; the day's key is asked once."""
    keys: dict[date, bytes] = {}
    rows = []
    for who, code in looks:
        key = keys.get(who.today) or keys.setdefault(who.today, scan_key(db, who.today))
        person = hmac.digest(key, f"{who.account_id}:{who.address}".encode(), "sha256").hex()
        rows.append({"code": code, "channel": who.channel, "scanned_at": who.now, "person_hash": person})
    if rows:
        db.connection().execute(_INSERT_SCANS, rows)


_INSERT_SCANS = insert(Scan.__table__)  # type: ignore[arg-type]
