"""Pictures that a platform has already: uploaded once, used again by id until the id lapses."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId

SPARE = timedelta(hours=1)
"""An id that lapses sooner than that is not used any more."""


class Upload(Base):
    """digest: SHA-256 of the bytes, 64 hex digits. external_id: the platform's own, valid for this account alone."""

    __tablename__ = "upload"
    __table_args__ = (UniqueConstraint("account_id", "digest"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    digest: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(255))
    uploaded_at: Mapped[datetime]
    lapses_at: Mapped[datetime]


def uploaded(db: Session, account_id: int, digest: str, now: datetime) -> str | None:
    """The id under which the account's platform has these bytes; None if they must be uploaded."""
    known = select(Upload.external_id).where(
        Upload.account_id == account_id, Upload.digest == digest, Upload.lapses_at > now + SPARE
    )
    return db.scalar(known)


def keep_upload(
    db: Session, account_id: int, digest: str, external_id: str, *, now: datetime, lives: timedelta
) -> None:
    """Remember it, in place of an older id of the same bytes."""
    forget_upload(db, account_id, digest)
    db.add(
        Upload(account_id=account_id, digest=digest, external_id=external_id, uploaded_at=now, lapses_at=now + lives)
    )
    db.flush()


def forget_upload(db: Session, account_id: int, digest: str) -> None:
    """The platform does not know it any more."""
    db.execute(delete(Upload).where(Upload.account_id == account_id, Upload.digest == digest))
