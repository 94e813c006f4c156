"""What a talk may read of the stamps, lots and press of the shop that lives in memory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.ports import Certificate, DiaryEntry, LotName, LotView, Stamp
from catalog import trace
from catalog.passport import lacks, wrong_dates
from tests.fake_stamps import MANAGER, FakeLot

if TYPE_CHECKING:
    from tests.fakes import FakeShop, FakeTalk

MOST = 20  # of a list that is shown


class FakeBook:
    def __init__(self, talk: "FakeTalk", shop: "FakeShop") -> None:
        self._talk = talk
        self._shop = shop

    def stamp(self, code: str) -> Stamp | None:
        shop, day = self._shop, self._shop.calendar.day
        stamp = shop.store.stamps.get(code)
        if stamp is None:
            return None
        record, lot, state = stamp.product.record, stamp.lot, stamp.state_on(shop.today)
        papers = [
            Certificate(paper.name, day(paper.valid_until))
            for paper in record.certificates
            if day(paper.valid_until) >= shop.today
        ]
        return Stamp(
            code=code,
            kind=stamp.kind,
            state=state,
            goods=shop.goods(stamp.product, self._talk.language),
            number=lot.number if lot else "",
            producer=lot.person.public_name if lot else "",
            place=lot.place if lot else "",
            harvest_verb=record.harvest_verb,
            harvested_on=lot.harvested_on if lot else None,
            best_before=lot.best_before if lot else None,
            fresh=record.fresh,
            diary=tuple(DiaryEntry(line.on, line.kind, line.words) for line in lot.diary) if lot else (),
            certificates=tuple(papers),
            recall_reason=lot.recall.reason if lot and lot.recall else "",
            recall_advice=lot.recall.advice if lot and lot.recall else "",
            seller=shop.demo.coop.short_name,
            lot_id=lot.id if lot else None,
            odd=shop.store.odd(stamp, state),
        )

    def near(self, code: str) -> str | None:
        slips = set(trace.slips(code))
        found = [
            one.code
            for one in self._shop.store.stamps.values()
            if one.kind == "lot" and not one.void and one.code in slips and one.lot and one.lot.state == "active"
        ]
        return found[0] if len(found) == 1 else None

    def invited(self, code: str) -> bool:
        return code in self._shop.invitations


class FakeLots:
    def __init__(self, talk: "FakeTalk", shop: "FakeShop") -> None:
        self._talk = talk
        self._shop = shop

    def open(self, product_id: int | None = None) -> Sequence[LotView]:
        lots = self._shop.store.open_of(self._talk.person)
        return [self._view(lot) for lot in lots if product_id in (None, lot.product.id)][:MOST]

    def names(self) -> Sequence[LotName]:
        lots = self._shop.store.open_of(self._talk.person)
        return [LotName(lot.id, lot.number, self._shop.goods(lot.product, self._talk.language)) for lot in lots]

    def get(self, lot_id: int) -> LotView | None:
        lots = self._shop.store.open_of(self._talk.person)
        return next((self._view(lot) for lot in lots if lot.id == lot_id), None)

    def _view(self, lot: FakeLot) -> LotView:
        facts = self._shop.store.facts(lot)
        goods = self._shop.goods(lot.product, self._talk.language)
        offers = [offer for offer in self._shop.offers if offer.lot is lot]
        return LotView(
            id=lot.id,
            number=lot.number,
            state=lot.state,
            goods=goods,
            called=offers[-1].called if offers else goods.label,
            producer=facts.producer,
            place=lot.place,
            harvested_on=lot.harvested_on,
            best_before=lot.best_before,
            amount=lot.amount,
            code=self._shop.store.code_of(lot),
            diary=tuple(DiaryEntry(line.on, line.kind, line.words) for line in lot.diary),
            lacks=lacks(facts),
            wrong=wrong_dates(facts, self._shop.today),
            harvest_verb=lot.product.record.harvest_verb,
        )


class FakePress:
    """too_long: whether the stamp's address fits on no label, which is the test's to set."""

    def __init__(self, talk: "FakeTalk", shop: "FakeShop") -> None:
        self._talk = talk
        self._shop = shop
        self.too_long = False

    def may(self, lot: LotView, count: int) -> bool:
        person = self._talk.person
        one = next((one for one in self._shop.store.lots if one.id == lot.id), None)
        if person is None or one is None:
            return False
        return person.role == MANAGER or self._shop.store.right_for(person, one, count) is not None

    def left(self, lot: LotView) -> int:
        return self._shop.store.left

    def fits(self, lot: LotView) -> bool:
        return not self.too_long

    def path(self, sheet_id: int) -> str:
        return f"/sheets/{sheet_id}"

    def link(self, token: str) -> str:
        return f"https://example.org/sheets/{token}"
