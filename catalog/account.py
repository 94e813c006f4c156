"""A co-op's page, OA or site on a channel: where its messages come in and go out."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId, vault_of


class Account(Base):
    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))  # messenger, zalo, web, console
    external_id: Mapped[str] = mapped_column(String(64))  # the platform's id of the page or OA; a co-op's code on ours
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    token: Mapped[bytes | None]  # sealed
    refresh_token: Mapped[bytes | None]  # sealed
    token_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(insert_default=func.now())
    paused_at: Mapped[datetime | None]  # since when nothing goes out: somebody must mend it
    pause_reason: Mapped[str] = mapped_column(default="")


def account_by(db: Session, channel: str, external_id: str) -> Account | None:
    return db.scalar(select(Account).where(Account.channel == channel, Account.external_id == external_id))


def ids_of_channel(db: Session, channel: str) -> dict[str, int]:
    """The accounts of a channel: our id by the platform's."""
    rows = select(Account.external_id, Account.id).where(Account.channel == channel)
    return dict(db.execute(rows.order_by(Account.id)).all())


def ensure_account(db: Session, channel: str, external_id: str, organisation_id: int, token: str | None) -> Account:
    """The account, made if there is none. A new `token` ends a pause; None leaves the kept one."""
    account = account_by(db, channel, external_id)
    if account is None:
        account = Account(channel=channel, external_id=external_id, organisation_id=organisation_id)
        db.add(account)
    if token is not None and token_of(db, account) != token:
        account.token = vault_of(db).seal(token.encode())
        account.paused_at, account.pause_reason = None, ""
    db.flush()
    return account


def token_of(db: Session, account: Account) -> str | None:
    """The account's token in clear, for the channel's client alone. Raises `Unsealable`."""
    return None if account.token is None else vault_of(db).open(account.token).decode()


def pause(db: Session, account_id: int, reason: str, at: datetime) -> bool:
    """Note that nothing goes out until somebody has looked. False if that is known already."""
    paused = db.execute(
        update(Account)
        .where(Account.id == account_id, Account.paused_at.is_(None))
        .values(paused_at=at, pause_reason=reason)
        .execution_options(synchronize_session=False)
    )
    return bool(paused.rowcount == 1)  # type: ignore[attr-defined]


def resume(db: Session, account_ids: Collection[int]) -> None:
    """These send again."""
    db.execute(
        update(Account)
        .where(Account.id.in_(account_ids), Account.paused_at.is_not(None))
        .values(paused_at=None, pause_reason="")
        .execution_options(synchronize_session=False)
    )
