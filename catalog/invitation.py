"""A single-use code of 12 digits that ties whoever sends it to a person and a role."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog import trace
from catalog.db import Base, BigId, vault_of
from catalog.stamp import TraceCode

VALID_FOR = timedelta(days=14)


class Invitation(Base):
    """The code itself is not kept, only its keyed hash."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code_index: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def invite(db: Session, person_id: int, organisation_id: int, role: str, at: datetime) -> str:
    """A fresh code, never one that is on a stamp."""
    code = trace.make()
    while db.scalar(select(TraceCode.id).where(TraceCode.code == code)) is not None:
        code = trace.make()
    db.add(
        Invitation(
            code_index=vault_of(db).index(code),
            person_id=person_id,
            organisation_id=organisation_id,
            role=role,
            created_at=at,
            expires_at=at + VALID_FOR,
        )
    )
    db.flush()
    return code


def is_invitation(db: Session, code: str) -> bool:
    """Whether the code is an invitation or was one. `code`: 12 digits."""
    known = select(Invitation.id).where(Invitation.code_index.in_(vault_of(db).indexes(code))).limit(1)
    return db.scalar(known) is not None


def open_invitation(db: Session, code: str, at: datetime) -> Invitation | None:
    """The invitation if it can still be used. `code`: 12 digits."""
    return db.scalar(
        select(Invitation).where(
            Invitation.code_index.in_(vault_of(db).indexes(code)),
            Invitation.used_at.is_(None),
            Invitation.expires_at > at,
        )
    )


def use_up(db: Session, invitation_id: int, at: datetime) -> bool:
    """Mark it used; False if somebody else was faster."""
    unused = (Invitation.id == invitation_id, Invitation.used_at.is_(None))
    used = update(Invitation).where(*unused).values(used_at=at).returning(Invitation.id)
    return db.scalar(used) is not None
