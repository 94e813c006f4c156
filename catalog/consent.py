"""What a person agreed to, with the proof; and what she wants to hear about."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class Consent(Base):
    """Proof: which text, when, in which message. Withdrawn ones stay, with the day they ended."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))  # order, producer, news, recall
    version: Mapped[str] = mapped_column(String(40))  # of the text that she was shown
    given_at: Mapped[datetime]
    message_key: Mapped[str]  # the inbox key of her yes
    withdrawn_at: Mapped[datetime | None]


class Wish(Base):
    """Tell her when we have this: her own opt-in, with date and channel."""

    __tablename__ = "wish"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str]  # sầu riêng
    channel: Mapped[str] = mapped_column(String(20))
    wished_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


def purposes_of(db: Session, person_id: int) -> frozenset[str]:
    """What she agrees to today."""
    valid = select(Consent.purpose).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
    return frozenset(db.scalars(valid))
