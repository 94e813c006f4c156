"""Requests to be forgotten: what was asked, when, and what became of it. Never who."""

import re
import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId, vault_of

LETTERS = "23456789ACDEFGHJKMNPQRTVWXY"
_CODE = re.compile(f"X[{LETTERS}]{{9}}")
_TRIES = 5


class ErasureState(StrEnum):
    RECEIVED = "received"
    BY_HAND = "by hand"  # a producer or somebody of the co-op: a person sees to it
    DONE = "done"
    NOBODY = "nobody"  # nothing was kept of whoever asked


class Erasure(Base):
    """code: what she can ask by. subject: a keyed hash of the platform's id, so that asking twice is one request.

    found: whether somebody was found to be forgotten.
    """

    __tablename__ = "erasure"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    found: Mapped[bool] = mapped_column(default=False)

    @property
    def state(self) -> ErasureState:
        if self.done_at is None:
            return ErasureState.BY_HAND if self.found else ErasureState.RECEIVED
        return ErasureState.DONE if self.found else ErasureState.NOBODY


def ask_erasure(db: Session, channel: str, whose: str, now: datetime) -> Erasure:
    """The request of this person, made if there is none. One that was done is asked anew: she may have come back.

    whose: the platform's id of the person; only its keyed hash is kept.
    """
    named = f"{channel}:{whose}"
    for tries_left in reversed(range(_TRIES)):
        known = db.scalar(select(Erasure).where(Erasure.subject.in_(vault_of(db).indexes(named))).limit(1))
        if known is not None:
            if known.done_at is not None:
                known.asked_at, known.done_at, known.found = now, None, False
                db.flush()
            return known
        request = Erasure(code=_new_code(), channel=channel, subject=vault_of(db).index(named), asked_at=now)
        try:
            with db.begin_nested():
                db.add(request)
        except IntegrityError:  # she asked twice at once, or the code is taken
            if not tries_left:
                raise
        else:
            return request
    raise AssertionError("every try returns or raises")


def settle(request: Erasure, state: ErasureState, at: datetime) -> None:
    """What became of it. Nothing is over as long as a person has to see to it."""
    request.found = state in {ErasureState.DONE, ErasureState.BY_HAND}
    request.done_at = at if state in {ErasureState.DONE, ErasureState.NOBODY} else None


def erasure_by(db: Session, code: str) -> Erasure | None:
    """`code` as anybody typed it; None for what is none of ours."""
    written = code.strip().upper()
    return db.scalar(select(Erasure).where(Erasure.code == written)) if _CODE.fullmatch(written) else None


def _new_code() -> str:
    return "X" + "".join(secrets.choice(LETTERS) for _ in range(9))
