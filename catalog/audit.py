"""Who did what to which, and when. Ids only: never a name, a number or a sentence."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class Audit(Base):
    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]  # person:12, conversation:7, system
    what: Mapped[str] = mapped_column(String(40))  # price, recall, invite
    subject: Mapped[str] = mapped_column(index=True)  # product:3


def record(db: Session, who: str, what: str, subject: str, at: datetime) -> None:
    db.add(Audit(done_at=at, who=who, what=what, subject=subject))
