"""What ⟨…⟩ can mean in a transcript: who she is, what somebody else does meanwhile, time that passes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.run.answering import close
from catalog.case import open_cases
from catalog.contact import newest_contact, read_contact
from catalog.offer import Offer, left_of
from catalog.person import full_name, producer_by_code
from catalog.product import Product, set_price
from catalog.stock import move, take
from tests.people import by_phone
from tests.transcripts.script import Event, Reply
from tests.transcripts.shop import ZONE, Shop

TYPING = timedelta(seconds=5)
HURRY = timedelta(seconds=1)
UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
REF = "transcript"


@dataclass(slots=True)
class Play:
    """One performance. codes: the order codes that come next. introduced: whether it is settled who she is."""

    shop: Shop
    codes: list[str] = field(default_factory=list)
    introduced: bool = False

    def begin(self) -> None:
        """She does something: unless the script says otherwise, she has written to this shop before."""
        if not self.introduced:
            self.shop.acquaint()
            self.introduced = True
        self.shop.clock.at += TYPING

    @property
    def today(self) -> date:
        return self.shop.clock.at.astimezone(ZONE).date()


def happen(words: str, play: Play) -> list[Reply]:
    """What she receives because of it. ValueError for words that nobody knows, LookupError where it cannot be."""
    for pattern, meaning in EVENTS.items():
        found = re.fullmatch(pattern, words)
        if found is not None:
            return meaning(play, *found.groups()) or []
    raise ValueError(f"nobody knows what ⟨{words}⟩ means; these can happen:\n" + "\n".join(EVENTS))


# Who she is


def _first_contact(play: Play) -> None:
    play.introduced = True


def _follow(play: Play, ref: str, first: str | None) -> list[Reply]:
    if first:
        _first_contact(play)
    play.begin()
    play.shop.phone.follow(ref)
    return play.shop.answer()


def _shop(play: Play, organisation: str) -> None:
    play.shop.move_to(organisation)
    play.introduced = False


def _producer(play: Play, code: str) -> None:
    with play.shop.database.reading() as db:
        person = producer_by_code(db, code)
    if person is None:
        raise LookupError(f"there is no producer {code}")
    _is(play, person.id)


def _customer(play: Play, you: str, name: str, phone: str, address: str) -> None:
    """Somebody of the demo, who has bought before."""
    with play.shop.database.reading() as db:
        for person in by_phone(db, phone.replace(" ", "")):
            contact = newest_contact(db, person.id)
            if contact is not None and (person.you, full_name(db, person)) == (you, name):
                break
        else:
            raise LookupError(f"the demo has no customer {you} {name}, {phone}")
        kept = read_contact(db, contact)
    if kept.address != address:
        raise LookupError(f"she lives at: {kept.address}")
    _is(play, person.id)


def _is(play: Play, person_id: int) -> None:
    play.shop.acquaint(person_id)
    play.introduced = True


# What happens meanwhile


def _wait(play: Play, count: str, unit: str) -> list[Reply]:
    return play.shop.wait(int(count) * UNITS[unit])


def _stock(play: Play, name: str, amount: str) -> None:
    """So much can be ordered today: the newest offer takes up the difference."""
    at = play.shop.clock.at
    with play.shop.database.writing() as db:
        product = _product(db, name)
        more = _decimal(amount) - left_of(db, [product.id], play.today)[product.id]
        if more < 0:
            take(db, product.id, -more, play.today, ref=REF, at=at)
        elif more > 0:
            move(db, _newest_offer(db, product, play.today), more, "corrected", ref=REF, at=at)


def _somebody_buys(play: Play, amount: str, name: str) -> None:
    with play.shop.database.writing() as db:
        if not take(db, _product(db, name).id, _decimal(amount), play.today, ref=REF, at=play.shop.clock.at):
            raise LookupError(f"there is less than that of {name}")


def _price(play: Play, name: str, vnd: str) -> None:
    with play.shop.database.writing() as db:
        product = _product(db, name)
        set_price(db, product, int(vnd.replace(".", "")), product.markup_vnd, who="system", at=play.shop.clock.at)


def _codes(play: Play, codes: str) -> None:
    play.codes += codes.split(", ")


def _hurry(play: Play, words: str, times: str) -> None:
    """So many messages within a minute; what she receives meanwhile is not written down."""
    play.begin()
    for _ in range(int(times)):
        play.shop.clock.at += HURRY
        play.shop.phone.type(words)
        play.shop.answer()


def _colleague(play: Play, words: str) -> list[Reply]:
    play.shop.clock.at += TYPING
    play.shop.phone.colleague(words)
    return play.shop.answer()


def _react(play: Play) -> list[Reply]:
    play.begin()
    play.shop.phone.react()
    return play.shop.answer()


def _edit(play: Play, words: str) -> list[Reply]:
    play.begin()
    play.shop.phone.edit(words)
    return play.shop.answer()


def _send(play: Play, what: str) -> list[Reply]:
    play.begin()
    play.shop.phone.send(what)
    return play.shop.answer()


def _close(play: Play) -> list[Reply]:
    """Somebody of the co-op closes her cases."""
    with play.shop.database.writing() as db:
        for case in open_cases(db):
            if case.conversation_id is not None:
                close(db, case.id, play.shop.clock.at)
    return play.shop.answer()


def _nothing(_play: Play) -> None:
    """Somebody else looks for it in the script."""


BEFORE_ANSWER = Event("before the answer comes")
NOT_IN_A_TERMINAL = Event("not in a terminal")
EVENTS: dict[str, Callable[..., list[Reply] | None]] = {
    r"referral: ref=(\S+?)(, first contact)?": _follow,
    r"first contact": _first_contact,
    r"at the shop of ([A-Z0-9-]+)": _shop,
    r"as producer (NSX-[0-9]+)": _producer,
    r"known: (\S+) ([^,]+), ([0-9 ]+), (.+)": _customer,
    r"([0-9]+) (day|hour|minute)s? (?:later|pass|passes)": _wait,
    r"stock: (.+) = ([0-9,.]+)": _stock,
    r"another customer buys ([0-9,.]+) (.+)": _somebody_buys,
    r"price: (.+) = ([0-9.]+)đ": _price,
    r"order codes?: (.+)": _codes,
    r"types “(.+)” ([0-9]+) times within a minute": _hurry,
    r"👩‍💼 (.+)": _colleague,
    r"she puts a heart under it": _react,
    r"changes her message: (.+)": _edit,
    r"sends (a [a-z ]+)": _send,
    r"the case is closed": _close,
    BEFORE_ANSWER.words: _nothing,
    NOT_IN_A_TERMINAL.words: _nothing,
    r"only on .+": _nothing,
}


def _newest_offer(db: Session, product: Product, today: date) -> int:
    there = (
        Offer.product_id == product.id,
        Offer.available_from <= today,
        Offer.withdrawn_at.is_(None),
        Offer.left > 0,
    )
    return db.scalars(select(Offer.id).where(*there).order_by(Offer.id.desc()).limit(1)).one()


def _product(db: Session, name: str) -> Product:
    found = db.scalars(select(Product).where((Product.name_vi == name) | (Product.label_vi == name))).all()
    if len(found) != 1:
        raise LookupError(f"{len(found)} products are called {name}")
    return found[0]


def _decimal(amount: str) -> Decimal:
    return Decimal(amount.replace(",", "."))
