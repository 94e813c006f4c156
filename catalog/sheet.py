"""A printing of stamps: which codes went onto which sheet, who may print, and the link that works once."""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, String, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog import trace
from catalog.db import Base, BigId, vault_of
from catalog.stamp import TraceCode

LINK_LIVES = timedelta(hours=24)
_AT_ONCE = 500


class PrintRight(Base):
    """That a person may print so many stamps, for a lot, a product or everything of a co-op, from one day to another.

    The co-op gives it and can take it back at any time; what is printed by then stays printed.
    """

    __tablename__ = "print_right"
    __table_args__ = (CheckConstraint("used <= number", name="not_too_many"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  # the co-op
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))  # None: every product
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))  # None: every lot
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    number: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    granted_by: Mapped[str]  # person:12, system
    granted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class StampSheet(Base):
    """One printing. Its codes are those stamps that name it; it can be printed again, the same to the last digit."""

    __tablename__ = "stamp_sheet"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  # the co-op
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), index=True)  # None: to be bound later
    kind: Mapped[str] = mapped_column(String(10))  # unit: every label its own code; lot: the same on all
    count: Mapped[int] = mapped_column(BigInteger)  # labels
    geometry: Mapped[str] = mapped_column(String(200))  # as handlers.papers.geometry reads it: "65"
    start: Mapped[int] = mapped_column(default=1)  # the label of the first page to begin with
    damp: Mapped[bool] = mapped_column(default=False)  # for damp or curved goods
    right_id: Mapped[int | None] = mapped_column(ForeignKey("print_right.id"))
    draft_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    """So that a command that is repeated prints one sheet."""
    who: Mapped[str]  # person:12, system
    made_at: Mapped[datetime]
    token_index: Mapped[str | None] = mapped_column(String(64), unique=True)  # of the link; gone once used
    token_until: Mapped[datetime | None]
    spoilt_at: Mapped[datetime | None]  # the whole sheet was voided


def sheet_by_draft_key(db: Session, draft_key: str) -> StampSheet | None:
    return db.scalar(select(StampSheet).where(StampSheet.draft_key == draft_key))


def codes_of(db: Session, sheet: StampSheet) -> Iterator[TraceCode]:
    """Its stamps in the order of the labels, read page by page; of a lot's stamp the one, once."""
    if sheet.kind == "lot":
        whole = select(TraceCode).where(TraceCode.lot_id == sheet.lot_id, TraceCode.kind == "lot")
        yield from db.scalars(whole.where(TraceCode.voided_at.is_(None)).order_by(TraceCode.id.desc()).limit(1))
        return
    after = 0
    while True:
        page = select(TraceCode).where(TraceCode.sheet_id == sheet.id, TraceCode.id > after)
        stamps = db.scalars(page.order_by(TraceCode.id).limit(_AT_ONCE)).all()
        yield from stamps
        if len(stamps) < _AT_ONCE:
            return
        after = stamps[-1].id


def draw_codes(db: Session, sheet: StampSheet, *, pins: bool) -> None:
    """Make a sheet's stamps, each with a fresh code. What somebody else draws at the same moment is never drawn twice.

    pins: six digits under a scratch field for each.
    """
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(TraceCode).on_conflict_do_nothing(index_elements=["code"]).returning(TraceCode.id)
    seal = vault_of(db).seal
    missing = sheet.count if sheet.kind == "unit" else 1
    activated_at = sheet.made_at if sheet.lot_id is not None else None
    while missing:
        codes = {trace.make() for _ in range(min(missing, _AT_ONCE))}
        rows = [
            {
                "code": code,
                "kind": sheet.kind,
                "lot_id": sheet.lot_id,
                "sheet_id": sheet.id,
                "created_at": sheet.made_at,
                "activated_at": activated_at,
                "pin": seal(f"{secrets.randbelow(10**6):06d}".encode()) if pins else None,
                "pin_tries": 0,
            }
            for code in codes
        ]
        missing -= len(db.execute(new.values(rows)).all())


def covering(
    person_id: int, organisation_id: int, *, product_id: int, lot_id: int | None, count: int, today: date
) -> tuple[ColumnElement[bool], ...]:
    """Which rights let her print so many of this today."""
    return (
        PrintRight.person_id == person_id,
        PrintRight.organisation_id == organisation_id,
        or_(PrintRight.product_id.is_(None), PrintRight.product_id == product_id),
        or_(PrintRight.lot_id.is_(None), PrintRight.lot_id == lot_id),
        PrintRight.withdrawn_at.is_(None),
        and_(PrintRight.valid_from <= today, PrintRight.valid_until >= today),
        PrintRight.used + count <= PrintRight.number,
    )


def use_right(
    db: Session, person_id: int, organisation_id: int, *, product_id: int, lot_id: int | None, count: int, today: date
) -> int | None:
    """Take so many from a right of hers that covers this; the narrowest first. Its id; None if no right does."""
    fits = covering(person_id, organisation_id, product_id=product_id, lot_id=lot_id, count=count, today=today)
    narrowest = (PrintRight.lot_id.is_(None), PrintRight.product_id.is_(None), PrintRight.valid_until, PrintRight.id)
    for right_id in db.scalars(select(PrintRight.id).where(*fits).order_by(*narrowest)).all():
        taken = (
            update(PrintRight)
            .where(PrintRight.id == right_id, *fits)
            .values(used=PrintRight.used + count)
            .returning(PrintRight.id)
            .execution_options(synchronize_session=False)
        )
        if db.scalar(taken) is not None:
            return right_id
    return None


def rights_of(db: Session, organisation_id: int) -> Sequence[PrintRight]:
    """All that a co-op ever gave, the newest first."""
    given = select(PrintRight).where(PrintRight.organisation_id == organisation_id)
    return db.scalars(given.order_by(PrintRight.id.desc())).all()


def withdraw_right(db: Session, right_id: int, at: datetime) -> bool:
    """False, and nothing changed, if there is none or it is withdrawn already."""
    standing = (PrintRight.id == right_id, PrintRight.withdrawn_at.is_(None))
    return db.scalar(update(PrintRight).where(*standing).values(withdrawn_at=at).returning(PrintRight.id)) is not None


def make_link(db: Session, sheet: StampSheet, at: datetime) -> str:
    """The secret of a link that gives this sheet once, within a day. An earlier one of the sheet works no more."""
    token = secrets.token_urlsafe(18)
    sheet.token_index, sheet.token_until = _digest(token), at + LINK_LIVES
    db.flush()
    return token


def sheet_behind(db: Session, token: str, at: datetime) -> StampSheet | None:
    """What a link leads to, without using it up."""
    behind = (StampSheet.token_index == _digest(token), StampSheet.token_until > at)
    return db.scalar(select(StampSheet).where(*behind))


def use_link(db: Session, token: str, at: datetime) -> StampSheet | None:
    """The sheet, for the first who asks; None for everybody after that and for a link that is too old."""
    behind = (StampSheet.token_index == _digest(token), StampSheet.token_until > at)
    used = update(StampSheet).where(*behind).values(token_index=None).returning(StampSheet.id)
    found = db.scalar(used.execution_options(synchronize_session=False))
    return None if found is None else db.get_one(StampSheet, found, populate_existing=True)


def _digest(token: str) -> str:
    """The secret has 144 random bits, so that a plain hash of it tells nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
