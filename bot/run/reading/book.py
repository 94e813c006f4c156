"""The trace codes: what a stamp leads to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Date, Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from bot.ports import Certificate, DiaryEntry, Oddity, Stamp
from bot.run.reading.goods import goods_columns, goods_of
from catalog.db import Base, once, vault_of
from catalog.invitation import is_invitation
from catalog.lot import Lot, LotEvent
from catalog.organisation import Organisation
from catalog.person import Person
from catalog.product import PriceChange, Product, ProductCertificate
from catalog.sheet import StampSheet
from catalog.signs import Watched, odd
from catalog.stamp import TraceCode, life_told, near, state_told


class BookReading:
    """`bot.ports.Book`. Every code is answered, whosever goods it is on.

    What a wrong code may be a slip of is looked for among the goods of `sellers` alone. `now`: in the co-op's zone.
    """

    def __init__(self, db: Session, *, language: str, now: datetime, sellers: Callable[[], Sequence[int]]) -> None:
        self._db = db
        self._language = language
        self._now = now
        self._sellers = sellers

    def stamp(self, code: str) -> Stamp | None:
        found = read_stamp(self._db, code, self._language, self._now)
        if found is None or found.goods.seller_id in self._sellers():
            return found
        return replace(found, here=False)

    def near(self, code: str) -> str | None:
        return near(self._db, code, self._sellers())

    def invited(self, code: str) -> bool:
        """What is on a stamp is no invitation; and most that is typed is on a stamp, which is read anyway."""
        on_a_stamp = read_stamp(self._db, code, self._language, self._now) is not None
        return not on_a_stamp and is_invitation(self._db, code)


_STAMP, _LOT, _SHEET, _GROWER, _PRICE = (
    Base.metadata.tables[one.__tablename__] for one in (TraceCode, Lot, StampSheet, Organisation, PriceChange)
)
_OF_THE_STAMP = (
    "kind", "activated_at", "sold_at", "used_at", "voided_at", "pin_right_at",
)  # fmt: skip
_OF_THE_LOT = (
    "number", "place", "plot", "latitude", "longitude", "harvested_on", "best_before", "amount", "state",
    "recall_reason", "recall_advice", "person_id",
)  # fmt: skip
_OF_THE_GOODS = (
    "fresh", "harvest_verb", "brand", "story", "warnings", "storage", "pack", "declared", "shelf_life_days",
    "ocop_stars", "ocop_number", "ocop_valid_until",
)  # fmt: skip
_OF_THE_SELLER = (
    "name", "tax_code", "address", "phone", "sales_policy", "province", "province_before", "clerk", "clerk_phone",
)  # fmt: skip


@cache
def _found(language: str) -> Select[Any]:
    """Made once for a language, and columns instead of objects: both cost more than to ask the database."""
    grower, person = _GROWER.alias(), Base.metadata.tables[Person.__tablename__]
    goods = Base.metadata.tables[Product.__tablename__]
    price_since = select(func.max(_PRICE.c.changed_at)).where(_PRICE.c.product_id == goods.c.id).scalar_subquery()
    return (
        select(
            *goods_columns(language, bindparam("ready_on", type_=Date())),
            *(_STAMP.c[name].label(f"stamp_{name}") for name in _OF_THE_STAMP),
            _STAMP.c.pin.is_not(None).label("asks_pin"),
            _STAMP.c.lot_id,
            *(_LOT.c[name].label(f"lot_{name}") for name in _OF_THE_LOT),
            *(goods.c[name].label(f"goods_{name}") for name in _OF_THE_GOODS),
            *(Organisation.__table__.c[name].label(f"seller_{name}") for name in _OF_THE_SELLER),
            grower.c.name.label("grower_name"),
            person.c.title.label("person_title"),
            person.c.name.label("person_name"),
            person.c.given_name.label("person_given_name"),
            price_since.label("price_since"),
        )
        .select_from(_STAMP)
        .outerjoin(_LOT, _LOT.c.id == _STAMP.c.lot_id)
        .outerjoin(_SHEET, _SHEET.c.id == _STAMP.c.sheet_id)
        .join(goods, goods.c.id == func.coalesce(_LOT.c.product_id, _SHEET.c.product_id))
        .join(Organisation.__table__, Organisation.__table__.c.id == goods.c.organisation_id)
        .outerjoin(grower, grower.c.id == _LOT.c.organisation_id)
        .outerjoin(person, person.c.id == _LOT.c.person_id)
        .where(_STAMP.c.code == bindparam("code"))
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A stamp, with the row that it was read from, the lines of its diary and its certificates."""

    stamp: Stamp
    row: Row[Any]
    lines: Sequence[Row[Any]]
    papers: Sequence[Row[Any]]


def read_stamp(db: Session, code: str, language: str, now: datetime) -> Stamp | None:
    """As `find`, and nothing is asked twice of a session that only thinks."""
    found = once(db, (read_stamp, code, language, now.date()), lambda: find(db, code, language, now))
    return None if found is None else found.stamp


def find(db: Session, code: str, language: str, now: datetime) -> Found | None:
    """Three SELECTs: the stamp with its lot, goods and producer; the diary; the certificates. One more for a package.

    now: in the co-op's zone.
    """
    today = now.date()
    if db.autoflush:
        db.flush()
    ask = db.connection().execute  # past the session: it looks for objects in every row, which costs as much again
    row = ask(_found(language), {"code": code, "ready_on": today + timedelta(days=1)}).first()
    if row is None:
        return None
    goods = goods_of(row)
    lines = [] if row.lot_id is None else ask(_DIARY, {"lot_id": row.lot_id}).all()
    papers = ask(_PAPERS, {"product_id": goods.id, "today": today}).all()
    life = life_told(
        voided=row.stamp_voided_at is not None,
        activated=row.stamp_activated_at is not None and row.lot_id is not None,
        used=row.stamp_used_at is not None,
        sold=row.stamp_sold_at is not None,
    )
    state = state_told(life, row.lot_state, row.lot_best_before, today)
    stamp = Stamp(
        code=code,
        kind=row.stamp_kind,
        state=state,
        goods=goods,
        number=row.lot_number or "",
        producer=_producer(db, row),
        place=row.lot_place or "",
        harvest_verb=row.goods_harvest_verb,
        harvested_on=row.lot_harvested_on,
        best_before=row.lot_best_before,
        fresh=row.goods_fresh,
        diary=tuple(DiaryEntry(line.happened_on, line.kind, line.words) for line in lines),
        certificates=tuple(Certificate(paper.name, paper.valid_until) for paper in papers),
        recall_reason=row.lot_recall_reason or "",
        recall_advice=row.lot_recall_advice or "",
        seller=goods.seller,
        lot_id=row.lot_id,
        odd=_oddity(db, code, row, state, now),
    )
    return Found(stamp, row, lines, papers)


def _producer(db: Session, row: Row[Any]) -> str:
    """bà Bùi Thị Mến; or her group, household or co-op where nobody is named, or not any more; or nothing."""
    full = vault_of(db).open(row.person_name).decode() if row.person_name is not None else row.person_given_name
    return f"{row.person_title} {full}".strip() if full else row.grower_name or ""


def _oddity(db: Session, code: str, row: Row[Any], state: str, now: datetime) -> Oddity | None:
    """What is odd about who looked at it so far."""
    since = {"sold": row.stamp_sold_at, "used": row.stamp_used_at}.get(state)
    if state == "expired":
        since = datetime.combine(row.lot_best_before + timedelta(days=1), time(0), now.tzinfo)
    found = odd(db, Watched(code, row.stamp_kind, state, goods_of(row).seller_id, since), now)
    return None if found is None else Oddity(found.sign, found.people, found.days, found.first_on)


_LINE, _PAPER = (Base.metadata.tables[one.__tablename__] for one in (LotEvent, ProductCertificate))
_DIARY = (
    select(
        *(
            _LINE.c[name]
            for name in ("happened_on", "kind", "words", "person_id", "channel", "recorded_at", "wait_days")
        )
    )
    .where(_LINE.c.lot_id == bindparam("lot_id"), _LINE.c.struck_at.is_(None))
    .order_by(_LINE.c.happened_on, _LINE.c.id)
)
_PAPERS = (
    select(*(_PAPER.c[name] for name in ("name", "number", "issuer", "valid_until")))
    .where(_PAPER.c.product_id == bindparam("product_id"), _PAPER.c.valid_until >= bindparam("today"))
    .order_by(_PAPER.c.id)
)
