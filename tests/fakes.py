"""A shop that lives in memory: what dialogues read and what their commands do, over the goods of the demo.

It is held to the same contract as the real shop (`tests/contracts`), knows one co-op and no database, and forgets
everything with the test. `FakeShop.talk(address)` is one person's conversation: `bot.ports.Ports` with `do(command)`.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from bot.i18n import number
from bot.ports import (
    Contact,
    Fee,
    Found,
    Goods,
    Grown,
    Me,
    OrderView,
    PartView,
)
from bot.understand.people import pretty_phone
from catalog import trace
from catalog.acts import Command, News, Refused, Result
from catalog.acts.offer import (
    Corrected,
    CorrectOffer,
    Posted,
    PostedOffer,
    PostOffers,
    SoldMore,
    Withdrawn,
    WithdrawOffers,
)
from catalog.acts.order import (
    Cancelled,
    CancelOrder,
    Placed,
    PlacedOrder,
    PlaceOrder,
    PriceMoved,
    SoldOut,
    TooLate,
)
from catalog.acts.person import (
    CaseOpened,
    ConsentKept,
    ContactKept,
    GiveConsent,
    NoInvitation,
    OpenCase,
    RecordScan,
    Redeem,
    Redeemed,
    SaveContact,
    Wish,
    WishKept,
)
from catalog.acts.stamps import ActivateLot, PrintStamps, SendSheetAgain, StrikeDiary, WriteDiary
from catalog.money import grams, worth
from catalog.search import Entry, Index
from catalog.seed.calendar import Calendar
from catalog.seed.records import Demo, ProductRecord, read_demo
from tests.fake_lots import FakeBook, FakeLots, FakePress
from tests.fake_stamps import MANAGER, STAFF, FakeLot, FakeRight, FakeStore

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=7)))
CUSTOMER = "customer"
PRODUCER = "producer"


@dataclass(slots=True)
class FakePerson:
    id: int
    code: str = ""
    role: str = CUSTOMER
    name: str = ""
    given_name: str = ""
    title: str = ""
    you: str = ""
    consents: set[str] = field(default_factory=set)
    contact: Contact | None = None

    @property
    def public_name(self) -> str:
        return f"{self.title} {self.name}".strip()


@dataclass(slots=True)
class FakeProduct:
    id: int
    record: ProductRecord
    price_vnd: int
    markup_vnd: int


@dataclass(slots=True)
class FakeOffer:
    id: int
    product_id: int
    person: FakePerson
    called: str
    posted: Decimal
    left: Decimal
    price_vnd: int
    available_from: date
    posted_at: datetime
    lot: FakeLot | None = None
    draft: str = ""
    withdrawn: bool = False
    moved_price: tuple[int, int] | None = None  # what customers saw before it and with it, where it changed that


@dataclass(slots=True)
class FakeOrder:
    code: str
    draft: str
    talk: int
    person_id: int | None
    lines: list[tuple[int, Decimal]]
    taken: list[tuple[FakeOffer, Decimal]]
    total_vnd: int
    expected_on: date
    placed_on: date
    status: str = "placed"


@dataclass(slots=True)
class FakePart:
    id: int
    order: FakeOrder
    person: FakePerson
    taken: list[tuple[FakeOffer, Decimal]]


class FakeShop:
    """The co-op. `now` is moved by the test; `codes` gives the next order's code."""

    def __init__(self, now: datetime = NOW, demo: Demo | None = None) -> None:
        self.now = now
        self.demo = demo or read_demo()
        self.calendar = Calendar(now)
        self.ids = itertools.count(1)
        self.codes = (f"DH{number:04}" for number in itertools.count(2222))
        self.people = {
            record.code: FakePerson(
                next(self.ids),
                record.code,
                PRODUCER,
                record.name,
                record.name.split()[-1],
                record.title,
                record.you,
                {PRODUCER},
            )
            for record in self.demo.producers
        }
        self.products = [
            FakeProduct(next(self.ids), record, record.price_vnd, record.price_vnd - record.producer_price_vnd)
            for record in self.demo.products
        ]
        self.store = FakeStore(self)
        self.staff = [
            FakePerson(next(self.ids), "", STAFF, record.name, record.name.split()[-1], record.title, record.you)
            for record in self.demo.staff
        ]
        self.offers = [self._offer(number) for number in range(len(self.demo.offers))]
        self._sell_what_was_ordered()
        self.orders: list[FakeOrder] = []
        self.parts: list[FakePart] = []
        self.invitations: dict[str, tuple[FakePerson, datetime]] = {}
        self.cases: dict[tuple[int, str, str], int] = {}
        self.wishes: list[tuple[int, str]] = []
        self.news: list[News] = []
        self._talks: dict[str, FakeTalk] = {}

    def talk(self, address: str) -> "FakeTalk":
        return self._talks.setdefault(address, FakeTalk(self, next(self.ids)))

    def talk_of(self, address: str, code: str) -> "FakeTalk":
        """A conversation that is tied to the producer `code`."""
        talk = self.talk(address)
        talk.person = self.people[code]
        return talk

    def talk_of_staff(self, address: str, *, manager: bool = False) -> "FakeTalk":
        """A conversation that is tied to who answers for the co-op."""
        talk = self.talk(address)
        talk.person = self.staff[0]
        talk.person.role = MANAGER if manager else STAFF
        return talk

    def may_print(self, person: FakePerson, number: int, product_id: int | None = None) -> FakeRight:
        """She is given the right, for a week."""
        self.store.rights.append(FakeRight(person, product_id, number, self.today + timedelta(days=7)))
        return self.store.rights[-1]

    def invite(self, code: str) -> str:
        """An invitation for the producer `code`, good for 14 days."""
        digits = trace.complete(5_000_000_000 + len(self.invitations))
        self.invitations[digits] = self.people[code], self.now + timedelta(days=14)
        return digits

    @property
    def today(self) -> date:
        return self.now.date()

    def product(self, product_id: int) -> FakeProduct | None:
        return next((product for product in self.products if product.id == product_id), None)

    def goods(self, product: FakeProduct, language: str) -> Goods:
        record = product.record
        vi = language != "en"
        return Goods(
            id=product.id,
            name=record.name_vi if vi else record.name_en,
            label=record.label_vi if vi else record.label_en,
            short=record.short_vi if vi else record.short_en,
            emoji=record.emoji,
            unit=record.unit_vi if vi else record.unit_en,
            pieces=record.pieces,
            step=record.step,
            price_vnd=product.price_vnd,
            left=sum((offer.left for offer in self.on_sale(product.id)), Decimal(0)),
            code=self._newest_code(product),
            category=record.category,
            weight_g=record.weight_g,
            seller_id=1,
            seller=self.demo.coop.short_name,
            image=record.image,
            fee_vnd=product.markup_vnd,
        )

    def on_sale(self, product_id: int) -> list[FakeOffer]:
        """What an order of today can be filled from, oldest first."""
        tomorrow = self.today + timedelta(days=1)
        return [
            offer
            for offer in self.offers
            if offer.product_id == product_id and not offer.withdrawn and offer.available_from <= tomorrow
        ]

    def newest(self, product_id: int, person: FakePerson) -> FakeOffer | None:
        """Her newest posting of it that she did not take back."""
        hers = (offer for offer in reversed(self.offers) if offer.person is person and not offer.withdrawn)
        return next((offer for offer in hers if offer.product_id == product_id), None)

    def fee(self, weight_g: int) -> Fee:
        return self.fees(weight_g)[0]

    def fees(self, weight_g: int) -> list[Fee]:
        carrying = [row for row in self.demo.fees if row.up_to_g is None or row.up_to_g >= weight_g]
        lightest = min((row.up_to_g for row in carrying if row.up_to_g is not None), default=None)
        rows = [
            Fee(row.carrier, row.fee_vnd, row.days_min, row.days_max) for row in carrying if row.up_to_g == lightest
        ]
        return sorted(rows, key=lambda row: row.fee_vnd)

    def _newest_code(self, product: FakeProduct) -> str:
        for offer in reversed(self.on_sale(product.id)):
            if offer.left and offer.lot is not None and offer.lot.state == "active":
                return self.store.code_of(offer.lot)
        return ""

    def _offer(self, number: int) -> FakeOffer:
        record = self.demo.offers[number]
        product = next(product for product in self.products if product.record.sku == record.sku)
        return FakeOffer(
            next(self.ids),
            product.id,
            self.people[record.producer],
            record.called,
            record.quantity,
            record.quantity,
            product.price_vnd - product.markup_vnd,
            self.calendar.day(record.on),
            self.calendar.at(record.on).astimezone(self.now.tzinfo),
            self.store.lot(record.lot),
        )

    def _sell_what_was_ordered(self) -> None:
        for order in self.demo.orders:
            for sku, quantity in order.lines.items():
                product = next(product for product in self.products if product.record.sku == sku)
                _take(self.on_sale(product.id), quantity)


class FakeTalk:
    """One conversation: what its steps read, and what their commands do. The attributes are the test's to set."""

    def __init__(self, shop: FakeShop, conversation_id: int) -> None:
        self.id = conversation_id
        self.person: FakePerson | None = None
        self.language = "vi"
        self.you = ""
        self.lot_in_view = ""
        self.suggested_lately = 0
        self.missed_lately = 0
        self.message = 1
        self._shop = shop
        self.shelf = FakeShelf(self, shop)
        self.book = FakeBook(self, shop)
        self.orders = FakeOrders(self, shop)
        self.garden = FakeGarden(self, shop)
        self.lots = FakeLots(self, shop)
        self.press = FakePress(self, shop)

    @property
    def now(self) -> datetime:
        return self._shop.now

    @property
    def fresh_id(self) -> str:
        return f"t{self.id}m{self.message}"

    @property
    def me(self) -> Me:
        person, coop = self.person, self._shop.demo.coop
        return Me(
            person_id=person.id if person else None,
            role=STAFF if person and person.role == MANAGER else person.role if person else CUSTOMER,
            language=self.language,
            you=(person.you if person else "") or self.you or "anh/chị",
            name=person.given_name if person else "",
            consents=frozenset(person.consents if person else ()),
            contact=person.contact if person else None,
            coop=coop.short_name,
            shop=coop.shop,
            clerk=coop.clerk,
            clerk_phone=pretty_phone(coop.clerk_phone),
            demo=True,
        )

    def do(self, command: Command) -> Result:
        """Carry it out. Who else hears of it is added to the shop's `news`."""
        acts: dict[type[Command], Callable[..., Result]] = {
            PlaceOrder: self._place,
            CancelOrder: self._cancel,
            PostOffers: self._post,
            WithdrawOffers: self._withdraw,
            CorrectOffer: self._correct,
            GiveConsent: self._consent,
            SaveContact: self._contact,
            OpenCase: self._case,
            Wish: self._wish,
            Redeem: self._redeem,
        }
        of_lots: dict[type[Command], Callable[..., Result]] = {
            RecordScan: self._shop.store.scan,
            WriteDiary: self._shop.store.write,
            StrikeDiary: self._shop.store.strike,
            PrintStamps: self._shop.store.print,
            SendSheetAgain: self._shop.store.send_again,
            ActivateLot: self._shop.store.activate,
        }
        self.message += 1
        act = acts.get(type(command))
        if act is not None:
            return act(command)
        kept = of_lots.get(type(command))
        return Refused() if kept is None else kept(self, command)

    def owns(self, order: FakeOrder) -> bool:
        return order.talk == self.id or (self.person is not None and order.person_id == self.person.id)

    # Buying

    def _place(self, command: PlaceOrder) -> Result:
        shop, person = self._shop, self.person
        before = next((order for order in shop.orders if order.draft == command.draft_id), None)
        if before is not None:
            return _placed(before, shop) if self.owns(before) else Refused()
        wanted: dict[int, Decimal] = {}
        for line in command.lines:
            wanted[line.product_id] = wanted.get(line.product_id, Decimal(0)) + line.quantity
        products = [product for product in shop.products if product.id in wanted]
        if not wanted or len(products) < len(wanted) or any(line.quantity <= 0 for line in command.lines):
            return Refused()
        if not self._may_deliver(command):
            return Refused()
        weight_g = grams((product.record.weight_g, wanted[product.id]) for product in products)
        fee = shop.fee(weight_g) if command.way == "delivery" else None
        fee_vnd = fee.fee_vnd if fee else 0
        said = {line.product_id: line.price_vnd for line in command.lines if line.holds(shop.now)}
        today = {product.id: said.get(product.id, product.price_vnd) for product in products}
        moved = sorted({line.product_id for line in command.lines if line.price_vnd != today[line.product_id]})
        if moved or fee_vnd != command.fee_vnd:
            return PriceMoved(tuple((product_id, today[product_id]) for product_id in moved), fee_vnd)
        left = {product.id: shop.goods(product, "vi").left for product in products}
        short = tuple((one, left[one]) for one in sorted(wanted) if wanted[one] > left[one])
        if short:
            return SoldOut(short)
        taken = [share for one in sorted(wanted) for share in _take(shop.on_sale(one), wanted[one])]
        order = FakeOrder(
            next(shop.codes),
            command.draft_id,
            self.id,
            person.id if person else None,
            [(product.id, wanted[product.id]) for product in products],
            taken,
            sum(worth(today[one], quantity) for one, quantity in wanted.items()) + fee_vnd,
            shop.today + timedelta(days=fee.days_max if fee else 1),
            shop.today,
        )
        shop.orders.append(order)
        for packer in dict.fromkeys(offer.person.id for offer, _ in taken):
            share = [(offer, quantity) for offer, quantity in taken if offer.person.id == packer]
            shop.parts.append(FakePart(next(shop.ids), order, share[0][0].person, share))
            shop.news.append(News(packer, "order", shop.parts[-1].id))
        return _placed(order, shop)

    def _may_deliver(self, command: PlaceOrder) -> bool:
        if command.contact_id is None:
            return command.way == "pickup"
        if self.person is None or self.person.contact is None or "order" not in self.person.consents:
            return False
        contact = self.person.contact
        whole = command.way == "pickup" or bool(contact.phone and contact.address)
        return contact.id == command.contact_id and whole

    def _cancel(self, command: CancelOrder) -> Result:
        order = next((order for order in self._shop.orders if order.code == command.code.upper()), None)
        if order is None or not self.owns(order):
            return Refused()
        if order.status not in {"placed", "confirmed", "packed"}:
            return TooLate(order.code, order.status)
        order.status = "cancelled"
        for offer, quantity in order.taken:
            offer.left += quantity
        self._shop.news += [
            News(part.person.id, "cancelled", part.id)
            for part in self._shop.parts
            if part.order is order and part.person
        ]
        return Cancelled(order.code)

    # Selling

    def _post(self, command: PostOffers) -> Result:
        shop, person = self._shop, self.person
        if person is None or person.role != PRODUCER or not command.items:
            return Refused()
        before = [offer for offer in shop.offers if offer.draft == command.draft_id]
        if before:
            return Posted(tuple(self._posted(offer) for offer in before)) if before[0].person is person else Refused()
        products = [shop.product(item.product_id) for item in command.items]
        if None in products or any(item.quantity <= 0 or item.price_vnd <= 0 for item in command.items):
            return Refused()
        posted = []
        for item, product in zip(command.items, products, strict=True):
            assert product is not None
            last = shop.newest(product.id, person)
            short = product.record.short_vi
            offer = FakeOffer(
                next(shop.ids),
                product.id,
                person,
                last.called if last else short[:1].upper() + short[1:],
                item.quantity,
                item.quantity,
                item.price_vnd,
                item.available_from,
                shop.now,
                shop.store.posted(person, item, product, _amount(item.quantity, product)),
                draft=command.draft_id,
            )
            known_vnd = last.price_vnd if last else product.price_vnd - product.markup_vnd
            if item.price_vnd != known_vnd or item.price_vnd > product.price_vnd:
                self._show(product, offer)
            shop.offers.append(offer)
            posted.append(self._posted(offer))
        return Posted(tuple(posted))

    def _posted(self, offer: FakeOffer) -> PostedOffer:
        product = self._shop.product(offer.product_id)
        assert product is not None
        return PostedOffer(offer.id, product.id, offer.posted, offer.price_vnd, product.price_vnd, product.markup_vnd)

    def _show(self, product: FakeProduct, offer: FakeOffer) -> None:
        shown_vnd = offer.price_vnd + product.markup_vnd
        standing = [one for one in self._shop.offers if one.product_id == product.id and one.left > 0]
        if any(one.person is not offer.person or one.price_vnd > shown_vnd for one in standing):
            self._case(OpenCase("price", subject=f"product {product.id}"))
        elif shown_vnd != product.price_vnd:
            offer.moved_price = product.price_vnd, shown_vnd
            product.price_vnd = shown_vnd

    def _withdraw(self, command: WithdrawOffers) -> Result:
        offers = [offer for offer in self._shop.offers if offer.id in command.offer_ids and offer.person is self.person]
        if not offers or len(offers) < len(set(command.offer_ids)):
            return Refused()
        for offer in offers:
            if offer.lot is not None and offer.lot.state == "draft" and offer.left == offer.posted:
                self._shop.store.void_lot(offer.lot)
            offer.withdrawn, offer.left = True, Decimal(0)
        for offer in sorted(offers, key=lambda offer: -offer.id):
            product = self._shop.product(offer.product_id)
            assert product is not None
            if offer.moved_price is None or offer.moved_price[1] != product.price_vnd:
                continue
            standing = [one for one in self._shop.offers if one.product_id == product.id and one.left > 0]
            if any(one.price_vnd > offer.moved_price[0] for one in standing):
                self._case(OpenCase("price", subject=f"product {product.id}"))
            else:
                product.price_vnd = offer.moved_price[0]
        return Withdrawn(command.offer_ids)

    def _correct(self, command: CorrectOffer) -> Result:
        hers = (offer for offer in self._shop.offers if offer.person is self.person and not offer.withdrawn)
        offer = next((offer for offer in hers if offer.id == command.offer_id), None)
        if offer is None or command.quantity < 0:
            return Refused()
        before, sold = offer.posted, offer.posted - offer.left
        if sold > command.quantity:
            self._case(OpenCase("short stock", subject=f"offer {offer.id}"))
            return SoldMore(offer.id, sold)
        offer.posted, offer.left = command.quantity, command.quantity - sold
        if offer.lot is not None and offer.lot.state == "draft":
            offer.lot.amount = _amount(command.quantity, offer.lot.product)
        return Corrected(offer.id, before, offer.posted, offer.price_vnd, sold)

    # Being known

    def _consent(self, command: GiveConsent) -> Result:
        if command.purpose not in {"order", "producer", "news", "recall"}:
            return Refused()
        if self.person is None:
            self.person = FakePerson(next(self._shop.ids))
        self.person.consents.add(command.purpose)
        return ConsentKept(self.person.id)

    def _contact(self, command: SaveContact) -> Result:
        person = self.person
        agreed = person is not None and bool({"order", "recall"} & person.consents)
        if person is None or not agreed or not (command.name or command.phone or command.address):
            return Refused()
        before = person.contact or Contact(0, "", "", "")
        now = Contact(
            before.id,
            command.name or before.name,
            pretty_phone(command.phone) or before.phone,
            command.address or before.address,
        )
        if now != before:
            person.contact = replace(now, id=next(self._shop.ids))
        if person.role == CUSTOMER:
            person.given_name = command.given_name or now.name.split()[-1] if now.name else ""
            person.you = command.you or person.you
        assert person.contact is not None
        return ContactKept(person.contact.id)

    def _redeem(self, command: Redeem) -> Result:
        person, until = self._shop.invitations.get(command.code, (None, self._shop.now))
        if person is None or until <= self._shop.now:
            return NoInvitation()
        self._shop.invitations[command.code] = (person, self._shop.now)
        self.person = person
        return Redeemed(self.person.id, self.person.role, self.person.given_name)

    # Noting down

    def _case(self, command: OpenCase) -> Result:
        about = (self.id, command.kind, command.subject)
        return CaseOpened(self._shop.cases.setdefault(about, next(self._shop.ids)))

    def _wish(self, command: Wish) -> Result:
        words = " ".join(command.words.split())[:80]
        if not words:
            return Refused()
        if (self.id, words) not in self._shop.wishes:
            self._shop.wishes.append((self.id, words))
        return WishKept(words)


class FakeShelf:
    def __init__(self, talk: FakeTalk, shop: FakeShop) -> None:
        self._talk = talk
        self._shop = shop

    def on_sale(self) -> Sequence[Goods]:
        return [goods for product in self._shop.products if (goods := self._goods(product)).left > 0]

    def get(self, product_id: int) -> Goods | None:
        product = self._shop.product(product_id)
        return None if product is None else self._goods(product)

    def search(self, words: str, limit: int = 4) -> Sequence[Found]:
        index = Index(
            Entry(
                product.id,
                product.record.label_vi,
                (
                    product.record.name_vi,
                    product.record.short_vi,
                    product.record.name_en,
                    product.record.label_en,
                    product.record.short_en,
                    *product.record.aliases,
                ),
            )
            for product in self._shop.products
        )
        found = ((self.get(product_id), score) for product_id, score in index.search(words, limit))
        return [Found(goods, score) for goods, score in found if goods is not None]

    def fees(self, seller_id: int, weight_g: int) -> Sequence[Fee]:
        return self._shop.fees(weight_g) if seller_id == 1 else []

    def _goods(self, product: FakeProduct) -> Goods:
        return self._shop.goods(product, self._talk.language)


class FakeOrders:
    def __init__(self, talk: FakeTalk, shop: FakeShop) -> None:
        self._talk = talk
        self._shop = shop

    def mine(self) -> Sequence[OrderView]:
        return [self._view(order) for order in reversed(self._shop.orders) if self._talk.owns(order)]

    def by_code(self, code: str) -> OrderView | None:
        return next((view for view in self.mine() if view.code == code.upper()), None)

    def part(self, part_id: int) -> PartView | None:
        part = next((part for part in self._shop.parts if part.id == part_id), None)
        if part is None or part.person is not self._talk.person:
            return None
        lines: dict[int, tuple[str, str, Decimal, str, int]] = {}
        for offer, quantity in part.taken:
            product = self._shop.product(offer.product_id)
            assert product is not None
            goods = self._shop.goods(product, self._talk.language)
            _, _, amount, _, vnd = lines.get(product.id, ("", "", Decimal(0), "", 0))
            money = vnd + worth(offer.price_vnd, quantity)
            lines[product.id] = (goods.emoji, offer.called, amount + quantity, goods.unit, money)
        money = sum(line[4] for line in lines.values())
        return PartView(part.order.code, tuple(lines.values()), money, part.order.status != "cancelled")

    def _view(self, order: FakeOrder) -> OrderView:
        language = self._talk.language
        words = []
        for product_id, quantity in order.lines:
            product = self._shop.product(product_id)
            assert product is not None
            goods = self._shop.goods(product, language)
            words.append(f"{number(quantity, language)} {goods.unit} {goods.short}")
        return OrderView(
            order.code, order.status, order.total_vnd, ", ".join(words), order.expected_on, order.placed_on
        )


class FakeGarden:
    def __init__(self, talk: FakeTalk, shop: FakeShop) -> None:
        self._talk = talk
        self._shop = shop

    def grown(self) -> Sequence[Grown]:
        person = self._talk.person
        if person is None or person.role != PRODUCER:
            return []
        hers = [offer for offer in self._shop.offers if offer.person is person]
        newest = [
            self._shop.newest(one, person) or next(offer for offer in reversed(hers) if offer.product_id == one)
            for one in {offer.product_id for offer in hers}
        ]
        return [self._grown(offer) for offer in sorted(newest, key=lambda offer: -offer.id)]

    def _grown(self, offer: FakeOffer) -> Grown:
        product = self._shop.product(offer.product_id)
        assert product is not None
        stands = not offer.withdrawn
        return Grown(
            goods=self._shop.goods(product, self._talk.language),
            called=offer.called,
            price_vnd=offer.price_vnd,
            shown_vnd=product.price_vnd,
            fee_vnd=product.markup_vnd,
            offer_id=offer.id if stands else None,
            posted=offer.posted if stands else Decimal(0),
            left=offer.left if stands else Decimal(0),
            posted_at=offer.posted_at if stands else None,
            available_from=offer.available_from if stands else None,
            standing=tuple(
                (one.id, one.left)
                for one in self._shop.offers
                if one.person is offer.person
                and one.product_id == offer.product_id
                and not one.withdrawn
                and one.left > 0
            ),
        )


def _take(offers: Sequence[FakeOffer], quantity: Decimal) -> list[tuple[FakeOffer, Decimal]]:
    """From the oldest on; what is there must be enough."""
    taken = []
    for offer in offers:
        share = min(offer.left, quantity)
        if share:
            offer.left -= share
            quantity -= share
            taken.append((offer, share))
    return taken


def _amount(quantity: Decimal, product: FakeProduct) -> str:
    return f"{quantity.normalize():f} {product.record.unit_vi}".replace(".", ",")


def _placed(order: FakeOrder, shop: FakeShop) -> Placed:
    return Placed((PlacedOrder(order.code, shop.demo.coop.short_name, order.total_vnd, order.expected_on),))
