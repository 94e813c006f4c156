"""How many stamps were granted, drawn and are left: double-entry, from the Alliance to a co-op to a lot.

Every move takes from one account what it gives to another, so that all balances together are always 0. Only an issuer
may be below zero: by how many it has granted in all.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId
from catalog.organisation import Organisation


class AccountKind(StrEnum):
    ISSUER = "issuer"  # the Alliance, or a co-op that belongs to none
    COOP = "coop"  # granted and not drawn yet
    LOOSE = "loose"  # printed and bound to no lot yet
    LOT = "lot"  # on a lot
    SPOILT = "spoilt"  # voided


class StampAccount(Base):
    __tablename__ = "stamp_account"
    __table_args__ = (CheckConstraint("balance >= 0 OR kind = 'issuer'", name="none_owed"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    holder: Mapped[str] = mapped_column(String(40), unique=True)  # coop:2, lot:15
    kind: Mapped[str] = mapped_column(String(10))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    balance: Mapped[int] = mapped_column(BigInteger, default=0)


class StampMove(Base):
    """The sum of what came to an account less what left it is its balance."""

    __tablename__ = "stamp_move"
    __table_args__ = (CheckConstraint("count > 0", name="some"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("stamp_account.id"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("stamp_account.id"), index=True)
    count: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(20))  # granted, returned, drawn, bound, voided
    ref: Mapped[str] = mapped_column(default="")  # sheet:4, code of a stamp
    who: Mapped[str]  # person:12, system
    moved_at: Mapped[datetime]


def grant(db: Session, coop: Organisation, count: int, *, who: str, at: datetime) -> int:
    """Let a co-op print so many more; negative: take back what it has not drawn. What it has left then.

    Raises ValueError, and nothing is changed, if that many are not left to be taken back, or for 0.
    """
    issuer = account(db, AccountKind.ISSUER, coop.parent_id or coop.id)
    granted = account(db, AccountKind.COOP, coop.id)
    ends = (issuer, granted) if count > 0 else (granted, issuer)
    reason = "granted" if count > 0 else "returned"
    if not count or not move(db, *ends, abs(count), reason, ref="", who=who, at=at):
        raise ValueError(f"{left(db, coop.id)} are left")
    return left(db, coop.id)


def left(db: Session, organisation_id: int) -> int:
    """How many stamps a co-op may still draw."""
    held = select(StampAccount.balance).where(StampAccount.holder == _holder(AccountKind.COOP, organisation_id))
    return db.scalar(held) or 0


def account(db: Session, kind: AccountKind, organisation_id: int, lot_id: int | None = None) -> int:
    """The id of this account, which is opened at its first use. Two may do so at once."""
    of = organisation_id if lot_id is None else lot_id
    holder = _holder(kind, of)
    known = select(StampAccount.id).where(StampAccount.holder == holder)
    found = db.scalar(known)
    if found is not None:
        return found
    new = {"holder": holder, "kind": kind, "organisation_id": organisation_id, "lot_id": lot_id, "balance": 0}
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    db.execute(dialect.insert(StampAccount).values(new).on_conflict_do_nothing(index_elements=["holder"]))
    return db.scalars(known).one()


def move(
    db: Session, source_id: int, target_id: int, count: int, reason: str, *, ref: str, who: str, at: datetime
) -> bool:
    """Take from one account and give to the other. False, and nothing changed, if there are not so many.

    Both are locked in ascending id first, so that two who move between the same accounts never wait for each other.
    """
    db.flush()
    both = select(StampAccount.id, StampAccount.kind, StampAccount.balance).where(
        StampAccount.id.in_((source_id, target_id))
    )
    rows = {row.id: row for row in db.execute(both.order_by(StampAccount.id).with_for_update())}
    source = rows[source_id]
    if count <= 0 or (source.kind != AccountKind.ISSUER and source.balance < count):
        return False
    for end, change in ((source_id, -count), (target_id, count)):
        db.execute(
            update(StampAccount)
            .where(StampAccount.id == end)
            .values(balance=StampAccount.balance + change)
            .execution_options(synchronize_session=False)
        )
    entry = {"source_id": source_id, "target_id": target_id, "count": count, "reason": reason}
    db.execute(insert(StampMove), entry | {"ref": ref, "who": who, "moved_at": at})
    return True


def accounts_of(db: Session, organisation_id: int) -> Sequence[StampAccount]:
    """A co-op's own accounts and those of its lots."""
    held = select(StampAccount).where(StampAccount.organisation_id == organisation_id)
    return db.scalars(held.order_by(StampAccount.id), execution_options={"populate_existing": True}).all()


def ledger_sum(db: Session, account_id: int) -> int:
    """What the moves say that is on an account."""
    came = select(func.coalesce(func.sum(StampMove.count), 0)).where(StampMove.target_id == account_id)
    went = select(func.coalesce(func.sum(StampMove.count), 0)).where(StampMove.source_id == account_id)
    return int(db.scalars(came).one()) - int(db.scalars(went).one())


def _holder(kind: AccountKind, of: int) -> str:
    return f"{kind}:{of}"
