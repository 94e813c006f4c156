"""What ⟨…⟩ can mean in a transcript: who she is, what somebody else does meanwhile, time that passes."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.run.answering import close
from catalog.case import open_cases
from catalog.contact import newest_contact, read_contact
from catalog.offer import Offer, left_of
from catalog.organisation import organisation_by_code
from catalog.person import Person, Role, full_name, producer_by_code
from catalog.person import grant as grant_role
from catalog.product import Product, set_price
from catalog.quota import grant
from catalog.quota import left as stamps_left
from catalog.scan import Scan
from catalog.sheet import PrintRight, withdraw_right
from catalog.stamp import TraceCode
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


def _staff(play: Play, role: str, name: str) -> None:
    """Somebody who works for the co-op; as its manager, if the script says so."""
    with play.shop.database.writing() as db:
        held = db.execute(
            select(Person.id, Role.organisation_id)
            .join(Role, Role.person_id == Person.id)
            .where(Person.given_name == name, Role.role.in_(("staff", "manager")))
        ).one()
        if role == "manager":
            grant_role(db, held.id, held.organisation_id, role, play.shop.clock.at)
    _is(play, held.id)


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


def _looks(play: Play, code: str, looks: str, people: str, since: str) -> None:
    """Others looked at it: every day about as many, from that day on until a minute ago. None is seen on two days."""
    now = play.shop.clock.at.astimezone(ZONE)
    day, month = since.split("/")
    first = (
        now.replace(month=int(month), day=int(day), hour=12) if (int(day), int(month)) != (now.day, now.month) else now
    )
    days = (now.date() - first.date()).days + 1
    each = [f"{number} on day {number % days}" for number in range(int(people))]
    with play.shop.database.writing() as db:
        for number in range(int(looks)):
            person = each[number % len(each)]
            at = min(first + timedelta(days=number % len(each) % days, seconds=number), now - timedelta(minutes=1))
            digest = hashlib.sha256(person.encode()).hexdigest()
            db.add(Scan(code=code, channel="web", scanned_at=at.astimezone(UTC), person_hash=digest))


def _stamp_is(play: Play, code: str, state: str) -> None:
    """What the co-op did with it, a day ago."""
    yesterday = play.shop.clock.at - timedelta(days=1)
    with play.shop.database.writing() as db:
        stamp = db.scalars(select(TraceCode).where(TraceCode.code == code)).one()
        match state:
            case "not activated":
                stamp.activated_at = None
            case "sold":
                stamp.sold_at = yesterday
            case "used up":
                stamp.sold_at = stamp.used_at = yesterday
            case _:
                stamp.voided_at = yesterday


def _stamps_left(play: Play, count: str) -> None:
    with play.shop.database.writing() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
        grant(db, coop, int(count) - stamps_left(db, coop.id), who="system", at=play.shop.clock.at)


def _right(play: Play, whose: str, number: str, name: str) -> None:
    with play.shop.database.writing() as db:
        person = producer_by_code(db, whose)
        person_id = db.scalar(select(Person.id).where(Person.given_name == whose)) if person is None else person.id
        assert person_id is not None
        product = _product(db, name)
        right = PrintRight(
            organisation_id=product.organisation_id,
            person_id=person_id,
            product_id=product.id,
            valid_from=play.today,
            valid_until=play.today + timedelta(days=7),
            number=int(number),
            granted_by="system",
            granted_at=play.shop.clock.at,
        )
        db.add(right)


def _right_withdrawn(play: Play) -> None:
    with play.shop.database.writing() as db:
        for right in db.scalars(select(PrintRight)):
            withdraw_right(db, right.id, play.shop.clock.at)


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
    r"as (staff|manager) (\S+)": _staff,
    r"known: (\S+) ([^,]+), ([0-9 ]+), (.+)": _customer,
    r"([0-9]+) (day|hour|minute)s? (?:later|pass|passes)": _wait,
    r"stock: (.+) = ([0-9,.]+)": _stock,
    r"another customer buys ([0-9,.]+) (.+)": _somebody_buys,
    r"price: (.+) = ([0-9.]+)đ": _price,
    r"stamp ([0-9]{12}): ([0-9]+) looks by ([0-9]+) people since ([0-9]+/[0-9]+)": _looks,
    r"stamp ([0-9]{12}) is (not activated|sold|used up|void)": _stamp_is,
    r"the co-op has ([0-9]+) stamps left": _stamps_left,
    r"(\S+) may print ([0-9]+) stamps of (.+)": _right,
    r"the right to print is withdrawn": _right_withdrawn,
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
