"""What the shop that lives in memory keeps of its lots, diaries and stamps, and what its commands do with them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.ports import Oddity
from bot.understand.keeping import names_a_customer
from catalog import trace
from catalog.acts import Refused, Result
from catalog.acts.offer import Posting
from catalog.acts.person import Counted, RecordScan
from catalog.acts.printing import MOST_LABELS
from catalog.acts.stamps import (
    ActivateLot,
    DiaryStruck,
    DiaryWritten,
    LotActivated,
    NoRight,
    NotYet,
    Printed,
    PrintStamps,
    SendSheetAgain,
    SheetSent,
    StrikeDiary,
    TooFewStamps,
    WriteDiary,
)
from catalog.passport import Facts, Stage, lacks, wrong_dates
from catalog.seed.organisations import GRANTED
from catalog.seed.records import RecallRecord
from catalog.signs import LIMITS, WITHIN, strangers

if TYPE_CHECKING:
    from tests.fakes import FakePerson, FakeProduct, FakeShop, FakeTalk

PRODUCER, MANAGER, STAFF = "producer", "manager", "staff"
OLDEST = timedelta(days=3 * 365)


@dataclass(slots=True)
class FakeLine:
    """A line of a diary. struck: taken back, and not shown."""

    id: int
    on: date
    kind: str
    words: str
    wait_days: int | None = None
    who: "FakePerson | None" = None
    draft: str = ""
    struck: bool = False


@dataclass(slots=True)
class FakeLot:
    """state: "draft", "active" or "recalled"."""

    id: int
    number: str
    product: "FakeProduct"
    person: "FakePerson"
    place: str
    harvested_on: date | None
    best_before: date | None
    amount: str
    state: str = "draft"
    recall: RecallRecord | None = None
    lines: list[FakeLine] = field(default_factory=list)

    @property
    def diary(self) -> list[FakeLine]:
        return sorted((line for line in self.lines if not line.struck), key=lambda line: (line.on, line.id))

    def is_open(self, today: date) -> bool:
        return self.state != "recalled" and (self.best_before is None or self.best_before >= today)


@dataclass(slots=True)
class FakeStamp:
    """lot: None as long as it is bound to none. The moments are the test's to set."""

    code: str
    kind: str
    product: "FakeProduct"
    lot: FakeLot | None
    activated: bool = True
    sold_at: datetime | None = None
    used_at: datetime | None = None
    void: bool = False

    def state_on(self, today: date) -> str:
        if self.void:
            return "void"
        if not self.activated or self.lot is None:
            return "printed"
        if self.lot.state != "active":
            return self.lot.state
        if self.lot.best_before is not None and self.lot.best_before < today:
            return "expired"
        return "used" if self.used_at else "sold" if self.sold_at else "active"


@dataclass(slots=True)
class FakeRight:
    """That a person may print so many; of one product, or of all."""

    person: "FakePerson"
    product_id: int | None
    number: int
    until: date
    used: int = 0
    withdrawn: bool = False


class FakeStore:
    """What the co-op keeps of its lots. left: stamps that it may still print."""

    def __init__(self, shop: "FakeShop") -> None:
        self._shop = shop
        self.left = GRANTED
        self.scans: list[tuple[str, int, datetime]] = []  # code, whose conversation, when
        self.rights: list[FakeRight] = []
        self.sheets: dict[str, tuple[FakeLot, int, int]] = {}  # by draft: lot, id, how many
        self.printed_by: dict[int, FakePerson] = {}  # by the sheet's id
        self.sent: list[int] = []  # once more: the sheets' ids
        self.stamps: dict[str, FakeStamp] = {}
        self.lots = list(self._of_the_demo())

    def lot(self, number: str) -> FakeLot | None:
        return next((lot for lot in self.lots if lot.number == number), None)

    def code_of(self, lot: FakeLot) -> str:
        """Of the lot as a whole; the newest, empty if it has none."""
        codes = [one.code for one in self.stamps.values() if one.lot is lot and one.kind == "lot" and not one.void]
        return codes[-1] if codes else ""

    def open_of(self, person: "FakePerson | None") -> list[FakeLot]:
        """Those that she keeps, the newest first."""
        if person is None:
            return []
        hers = [lot for lot in self.lots if person.role in (STAFF, MANAGER) or lot.person is person]
        there = [lot for lot in hers if lot.is_open(self._shop.today)]
        return sorted(there, key=lambda lot: (lot.harvested_on or date.min, lot.id), reverse=True)

    def posted(self, person: "FakePerson", item: Posting, product: "FakeProduct", amount: str) -> FakeLot:
        """The draft that a posting makes, with its own stamp."""
        record, on = product.record, item.available_from
        prefix = f"{record.sku}-{on:%y%m%d}"
        place = next((one.place for one in reversed(self.lots) if one.person is person), "")
        lot = FakeLot(
            next(self._shop.ids),
            f"{prefix}-{1 + sum(one.number.startswith(prefix) for one in self.lots)}",
            product,
            person,
            place,
            on,
            on + timedelta(days=record.shelf_life_days),
            amount,
        )
        self.lots.append(lot)
        self._draw(lot, "lot", 1)
        return lot

    def void_lot(self, lot: FakeLot) -> None:
        """Its stamps stand for nothing any more."""
        for stamp in self.stamps.values():
            stamp.void = stamp.void or stamp.lot is lot

    def facts(self, lot: FakeLot) -> Facts:
        record, coop = lot.product.record, self._shop.demo.coop
        papers = [one for one in record.certificates if self._shop.calendar.day(one.valid_until) >= self._shop.today]
        return Facts(
            producer=lot.person.public_name,
            seller_tax_code=coop.tax_code,
            place=lot.place,
            harvested_on=lot.harvested_on,
            best_before=lot.best_before,
            stages=[Stage(line.on, line.kind, line.wait_days) for line in lot.diary],
            price_vnd=lot.product.price_vnd,
            picture=record.image,
            certificates=len(papers),
            storage=record.storage,
            policy=coop.sales_policy,
        )

    def odd(self, stamp: FakeStamp, state: str) -> Oddity | None:
        now = self._shop.now
        sign = {"active": "many", "printed": "early", "draft": "early"}.get(state, state)
        usual = LIMITS.get((stamp.kind, sign))
        if usual is None:
            return None
        since = {"sold": stamp.sold_at, "used": stamp.used_at}.get(state)
        if state == "expired" and stamp.lot is not None and stamp.lot.best_before is not None:
            since = datetime.combine(stamp.lot.best_before + timedelta(days=1), time(0), now.tzinfo)
        since = max(since, now - WITHIN) if since else now - WITHIN
        people: dict[date, set[int]] = defaultdict(set)
        for code, talk, at in self.scans:
            if code == stamp.code and at >= since:
                people[at.date()].add(talk)
        each_day = [len(who) for who in people.values()]
        if not each_day or strangers(each_day) < usual:
            return None
        first_on = min(people)
        return Oddity(sign, sum(each_day), max(1, (now.date() - first_on).days), first_on)

    # What is done

    def scan(self, talk: "FakeTalk", command: RecordScan) -> Result:
        if command.code not in self.stamps:
            return Refused()
        self.scans.append((command.code, talk.id, self._shop.now))
        return Counted(command.code)

    def write(self, talk: "FakeTalk", command: WriteDiary) -> Result:
        lot = next((lot for lot in self.lots if lot.id == command.lot_id), None)
        words = " ".join(command.words.split())
        if lot is None or talk.person is None or not self._keeps(talk.person, lot) or not words:
            return Refused()
        if names_a_customer(words):
            return Refused()
        if not self._shop.today - OLDEST <= command.happened_on <= self._shop.today:
            return NotYet()
        drafts = {line.draft: (line, where) for where in self.lots for line in where.lines if line.draft}
        line, where = drafts.get(command.draft_id, (None, lot))
        if line is None:
            line = FakeLine(
                next(self._shop.ids), command.happened_on, command.kind, words, command.wait_days, talk.person,
                command.draft_id,
            )  # fmt: skip
            lot.lines.append(line)
        elif where is not lot:
            return Refused()
        if line.kind == "harvest" and lot.harvested_on is None:
            lot.harvested_on = line.on
        facts = self.facts(lot)
        return DiaryWritten(line.id, lot.id, lot.number, lacks(facts), wrong_dates(facts, self._shop.today))

    def strike(self, talk: "FakeTalk", command: StrikeDiary) -> Result:
        line = next((line for lot in self.lots for line in lot.lines if line.id == command.event_id), None)
        if line is None or talk.person is None or line.who is not talk.person:
            return Refused()
        line.struck = True
        return DiaryStruck(line.id)

    def print(self, talk: "FakeTalk", command: PrintStamps) -> Result:
        lot = next((lot for lot in self.lots if lot.id == command.lot_id and lot.state != "recalled"), None)
        if talk.person is None or lot is None or not 0 < command.count <= MOST_LABELS:
            return Refused()
        before = self.sheets.get(command.draft_id)
        if before is not None:
            same = before[0] is lot
            return Printed(before[1], lot.id, lot.number, lot.state, before[2], self.left) if same else Refused()
        right = self.right_for(talk.person, lot, command.count)
        if right is None and talk.person.role != MANAGER:
            return NoRight()
        if self.left < command.count:
            return TooFewStamps(self.left)
        if right is not None:
            right.used += command.count
        self.left -= command.count
        if command.kind == "unit" or not self.code_of(lot):
            self._draw(lot, command.kind, command.count if command.kind == "unit" else 1)
        sheet_id = next(self._shop.ids)
        self.sheets[command.draft_id] = lot, sheet_id, command.count
        self.printed_by[sheet_id] = talk.person
        token = f"token-{sheet_id}"
        return Printed(sheet_id, lot.id, lot.number, lot.state, command.count, self.left, token)

    def send_again(self, talk: "FakeTalk", command: SendSheetAgain) -> Result:
        hers = [
            (lot, sheet_id, count) for lot, sheet_id, count in self.sheets.values()
            if self.printed_by[sheet_id] is talk.person and lot.state in ("draft", "active")
            and (not command.product_ids or lot.product.id in command.product_ids)
        ]  # fmt: skip
        if not hers:
            return Refused()
        lot, sheet_id, count = hers[-1]
        self.sent.append(sheet_id)
        token = f"token-{sheet_id}-{len(self.sent)}"
        return SheetSent(sheet_id, lot.product.record.label_vi, lot.number, count, token)

    def activate(self, talk: "FakeTalk", command: ActivateLot) -> Result:
        lot = next((lot for lot in self.lots if lot.id == command.lot_id and lot.state != "recalled"), None)
        if talk.person is None or talk.person.role not in (STAFF, MANAGER) or lot is None:
            return Refused()
        lot.state = "active"
        for stamp in self.stamps.values():
            stamp.activated = stamp.activated or stamp.lot is lot
        return LotActivated(lot.id, lot.number, lacks(self.facts(lot)))

    def right_for(self, person: "FakePerson", lot: FakeLot, count: int) -> FakeRight | None:
        """Of a manager None too: she needs none."""
        if person.role == MANAGER:
            return None
        fits = [
            one for one in self.rights
            if one.person is person and one.product_id in (None, lot.product.id) and not one.withdrawn
            and one.until >= self._shop.today and one.used + count <= one.number
        ]  # fmt: skip
        return fits[0] if fits else None

    def _keeps(self, person: "FakePerson", lot: FakeLot) -> bool:
        return person.role in (STAFF, MANAGER) or lot.person is person

    def _draw(self, lot: FakeLot, kind: str, count: int) -> None:
        for _ in range(count):
            code = trace.complete(6_000_000_000 + next(self._shop.ids))
            self.stamps[code] = FakeStamp(code, kind, lot.product, lot)

    def _of_the_demo(self) -> Iterator[FakeLot]:
        shop = self._shop
        for record in shop.demo.lots:
            product = next(one for one in shop.products if one.record.sku == record.sku)
            grower = next(one for one in shop.demo.producers if one.code == record.producer)
            lot = FakeLot(
                next(shop.ids),
                record.number,
                product,
                shop.people[record.producer],
                grower.place,
                shop.calendar.day(record.harvested_on),
                shop.calendar.day(record.best_before),
                record.amount,
                "recalled" if record.recall else "active",
                record.recall,
            )
            for entry in record.diary:
                line = FakeLine(next(shop.ids), shop.calendar.day(entry.on), entry.kind, entry.words, entry.wait_days)
                lot.lines.append(line)
            self.stamps |= {code: FakeStamp(code, kind, product, lot) for code, kind in record.codes.items()}
            yield lot
