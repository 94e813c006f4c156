"""The trace codes: what a stamp leads to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Date, Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from bot.ports import Certificate, DiaryEntry, Stamp
from bot.run.reading.goods import goods_columns, goods_of
from catalog.db import once
from catalog.invitation import is_invitation
from catalog.lot import Lot, diary_of, state_on
from catalog.organisation import Organisation
from catalog.person import Person, public_name
from catalog.product import Product, certificates_of
from catalog.stamp import TraceCode, near


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
        found = read_stamp(self._db, code, self._language, self._now.date())
        if found is None or found.goods.seller_id in self._sellers():
            return found
        return replace(found, here=False)

    def near(self, code: str) -> str | None:
        return near(self._db, code, self._sellers())

    def invited(self, code: str) -> bool:
        """What is on a stamp is no invitation; and most that is typed is on a stamp, which is read anyway."""
        on_a_stamp = read_stamp(self._db, code, self._language, self._now.date()) is not None
        return not on_a_stamp and is_invitation(self._db, code)


@cache
def _found(language: str) -> Select[Any]:
    """Made once for a language: to put it together takes longer than to run it."""
    grower = aliased(Organisation)
    columns = goods_columns(language, bindparam("ready_on", type_=Date()))
    return (
        select(*columns, TraceCode.kind, Product.fresh, Product.harvest_verb, Lot, Person, grower.name)
        .join_from(TraceCode, Lot, Lot.id == TraceCode.lot_id)
        .join(Product, Product.id == Lot.product_id)
        .join(Organisation, Organisation.id == Product.organisation_id)
        .join(grower, grower.id == Lot.organisation_id)
        .outerjoin(Person, Person.id == Lot.person_id)
        .where(TraceCode.code == bindparam("code"), TraceCode.voided_at.is_(None))
    )


def read_stamp(db: Session, code: str, language: str, today: date) -> Stamp | None:
    """Three SELECTs: the stamp with its lot, goods and producer; the diary; the certificates."""
    return once(db, (read_stamp, code, language, today), lambda: _read_stamp(db, code, language, today))


def _read_stamp(db: Session, code: str, language: str, today: date) -> Stamp | None:
    asked = {"code": code, "ready_on": today + timedelta(days=1)}
    row = db.execute(_found(language), asked, execution_options={"populate_existing": True}).first()
    if row is None:
        return None
    goods = goods_of(row)
    kind, fresh, harvest_verb, lot, producer, grower_name = row[-6:]
    diary = (DiaryEntry(event.happened_on, event.kind, event.words) for event in diary_of(db, lot.id))
    papers = (Certificate(paper.name, paper.valid_until) for paper in certificates_of(db, goods.id, today))
    return Stamp(
        code=code,
        kind=kind,
        state=state_on(lot, today),
        goods=goods,
        number=lot.number,
        producer=grower_name if producer is None else public_name(db, producer),
        place=lot.place,
        harvest_verb=harvest_verb,
        harvested_on=lot.harvested_on,
        best_before=lot.best_before,
        fresh=fresh,
        diary=tuple(diary),
        certificates=tuple(papers),
        recall_reason=lot.recall_reason,
        recall_advice=lot.recall_advice,
        seller=goods.seller,
    )
