"""A co-op's page, OA or site on a channel: where its messages come in and go out."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog import audit
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
    token_before: Mapped[bytes | None]  # sealed: the pair before the last rotation, kept for a person who must mend it
    refresh_token_before: Mapped[bytes | None]  # sealed
    lease_owner: Mapped[str] = mapped_column(String(64), default="")  # who is rotating the pair just now
    lease_until: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(default="")  # what the platform calls it
    tended_at: Mapped[datetime | None]  # when the platform was last asked whether all is well with it
    created_at: Mapped[datetime] = mapped_column(insert_default=func.now())
    paused_at: Mapped[datetime | None]  # since when nothing goes out: somebody must mend it
    pause_reason: Mapped[str] = mapped_column(default="")


def account_by(db: Session, channel: str, external_id: str) -> Account | None:
    return db.scalar(select(Account).where(Account.channel == channel, Account.external_id == external_id))


def ids_of_channel(db: Session, channel: str) -> dict[str, int]:
    """The accounts of a channel: our id by the platform's."""
    rows = select(Account.external_id, Account.id).where(Account.channel == channel)
    return dict(db.execute(rows.order_by(Account.id)).all())


def first_account(db: Session) -> int | None:
    """The oldest account of any channel; None before there is one."""
    return db.scalar(select(func.min(Account.id)))


def paused_for(db: Session, reason: str) -> list[int]:
    """The accounts that are paused for this reason."""
    return list(db.scalars(select(Account.id).where(Account.paused_at.is_not(None), Account.pause_reason == reason)))


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


def seed_account(
    db: Session,
    channel: str,
    external_id: str,
    organisation_id: int,
    *,
    token: str | None,
    refresh_token: str | None = None,
    at: datetime,
) -> Account:
    """The account as the environment gives it. What it gives only begins the story: a token that was rotated or
    replaced since then stays, whatever is still written in `.env`.

    Of what the environment gave a keyed hash is kept in the audit, so that a restart, or a backup that is put back,
    brings no old token in again; a fresh one that somebody pastes is new to us, is taken, and ends a pause. A pair
    with a refresh token works once, so none that was ever given is taken again; a plain token is taken again when
    another one was given in between.
    """
    account = ensure_account(db, channel, external_id, organisation_id, None)
    if token is None or not note_given(db, account, token, refresh_token, at):
        return account
    if (token, refresh_token) != (token_of(db, account), refresh_token_of(db, account)):
        account.paused_at, account.pause_reason = None, ""
        keep_pair(db, account, token, refresh_token, None)
    return account


def note_given(db: Session, account: Account, token: str, refresh_token: str | None, at: datetime) -> bool:
    """Note that the environment, or a person, gives these tokens, taken or not. Whether they are news."""
    secret = f"{token}\n{refresh_token or ''}"
    known = _noted(db, account, "seed", secret)
    if any(known if refresh_token else known[-1:]):
        return False
    _note(db, account, "seed", secret, at)
    return True


def is_lost(db: Session, account: Account, refresh_token: str) -> bool:
    """Whether the platform has said that this refresh token is over, and nobody has found it good since then."""
    lost, found = (sum(_noted(db, account, what, refresh_token)) for what in ("grant lost", "grant found"))
    return lost > found


def note_lost(db: Session, account: Account, refresh_token: str, at: datetime) -> None:
    if not is_lost(db, account, refresh_token):
        _note(db, account, "grant lost", refresh_token, at)


def note_found(db: Session, account: Account, refresh_token: str, at: datetime) -> None:
    """The platform takes the pair of this refresh token after all."""
    if is_lost(db, account, refresh_token):
        _note(db, account, "grant found", refresh_token, at)


def _note(db: Session, account: Account, what: str, secret: str, at: datetime) -> None:
    """Into the audit, as a keyed hash."""
    audit.record(db, "system", what, f"account:{account.id}:{vault_of(db).index(secret)}", at)
    db.flush()


def _noted(db: Session, account: Account, what: str, secret: str) -> list[bool]:
    """For each note about the account, oldest first: is it about this secret?"""
    about = f"account:{account.id}:"
    notes = select(audit.Audit.subject).where(
        audit.Audit.what == what, audit.Audit.subject.startswith(about, autoescape=True)
    )
    same = {about + index for index in vault_of(db).indexes(secret)}
    return [subject in same for subject in db.scalars(notes.order_by(audit.Audit.id))]


def token_of(db: Session, account: Account) -> str | None:
    """The account's token in clear, for the channel's client alone. Raises `Unsealable`."""
    return None if account.token is None else vault_of(db).open(account.token).decode()


def refresh_token_of(db: Session, account: Account) -> str | None:
    """In clear, for whoever renews the token. Raises `Unsealable`."""
    return None if account.refresh_token is None else vault_of(db).open(account.refresh_token).decode()


def keep_pair(
    db: Session, account: Account, token: str, refresh_token: str | None, expires_at: datetime | None
) -> None:
    """Seal the new tokens; those that they replace are kept beside them. expires_at: of `token`, None if unknown."""
    account.token_before, account.refresh_token_before = account.token, account.refresh_token
    account.token = vault_of(db).seal(token.encode())
    account.refresh_token = None if refresh_token is None else vault_of(db).seal(refresh_token.encode())
    account.token_expires_at = expires_at
    db.flush()


def locked(db: Session, account_id: int) -> Account:
    """The account as it is now; nobody else changes it before the end of this transaction. Raises `NoResultFound`."""
    wanted = select(Account).where(Account.id == account_id).with_for_update()
    return db.scalars(wanted, execution_options={"populate_existing": True}).one()


def take_lease(db: Session, account_id: int, holder: str, now: datetime, until: datetime) -> bool:
    """Whether `holder` alone may rotate the pair before `until`. A lease that ran out is free."""
    free = or_(Account.lease_until.is_(None), Account.lease_until <= now)
    taken = db.execute(
        update(Account)
        .where(Account.id == account_id, free)
        .values(lease_owner=holder, lease_until=until)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def drop_lease(db: Session, account_id: int, holder: str) -> None:
    """Nothing happens if it is somebody else's by now."""
    db.execute(
        update(Account)
        .where(Account.id == account_id, Account.lease_owner == holder)
        .values(lease_owner="", lease_until=None)
        .execution_options(synchronize_session=False)
    )


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


def resume_from(db: Session, account_id: int, reasons: Collection[str]) -> bool:
    """It sends again if it was one of these that kept it silent. False, and nothing changed, if it was not."""
    resumed = db.execute(
        update(Account)
        .where(Account.id == account_id, Account.paused_at.is_not(None), Account.pause_reason.in_(reasons))
        .values(paused_at=None, pause_reason="")
        .execution_options(synchronize_session=False)
    )
    return bool(resumed.rowcount == 1)  # type: ignore[attr-defined]
