"""A lot is being recalled: she swaps what she has of it, or gets her money back.

The co-op's staff know of it as soon as the number is known, so that nothing is lost if she stops half-way. Her phone
number is asked for with her consent, for this alone.
"""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Literal

from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.dialogues.missing import not_found, stamp_of
from bot.dialogues.stamps import MEASURES, answer
from bot.dialogues.telling import name
from bot.effect import Amount, Effect, Hint, Remember, Say, choice, say
from bot.event import ContactCard, Number, Pick, Text
from bot.ports import Goods, Ports, Stamp
from bot.understand.amounts import parse_quantity
from bot.understand.people import form_of_address, read_contact
from catalog.acts import Refused
from catalog.acts.person import CaseOpened, ConsentKept, ContactKept, GiveConsent, OpenCase, SaveContact

CASE, PURPOSE, CONSENT_VERSION = "recall", "recall", "recall-2026-11"
MOST = 1000
TENTH = Decimal("0.1")
EVENING = time(15, 30)  # from then on she is called on the next day
NOTES = {"swap": "đổi hàng", "refund": "hoàn tiền"}  # for staff

Wants = Literal["swap", "refund"]

recall = Dialogue("recall")


@dataclass(frozen=True, slots=True)
class Counting:
    """How many does she have?"""

    code: str
    wants: Wants


@dataclass(frozen=True, slots=True)
class Consenting:
    """May the co-op keep her phone number for this?"""

    code: str
    wants: Wants
    count: Decimal


@dataclass(frozen=True, slots=True)
class Phoning:
    """She agreed: which number?"""

    code: str
    wants: Wants
    count: Decimal
    phone: str = ""


AnyState = Counting | Consenting | Phoning


@recall.action("swap")
def swap(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Counting | None]:
    return _begin("swap", ask.arg, ports)


@recall.action("refund")
def refund(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Counting | None]:
    return _begin("refund", ask.arg, ports)


@recall.action("call")
def call(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[None]:
    """She would rather speak to somebody."""
    stamp = stamp_of(ask.arg, ports)
    return None, [OpenCase(CASE, subject=stamp.code if stamp is not None else ""), _call_her(ports)]


def _begin(wants: Wants, code: str, ports: Ports) -> Turn[Counting | None]:
    """An old button of a lot that is not recalled any more tells its state."""
    stamp = stamp_of(code, ports)
    if stamp is None:
        return not_found(code, ports)
    if stamp.state != "recalled":
        return None, [answer(stamp)]
    return Counting(code, wants), [_how_many(stamp.goods)]


@recall.step
def counting(at: Counting, heard: Heard, ports: Ports) -> Turn[Counting | Consenting | None]:
    goods = _goods(at.code, ports)
    count = _count(heard, goods)
    if count is None:
        return at, [Hint(_how_many(goods, again=True))]
    if count == 0:
        return None, [say("All right. Then there is nothing for you to do. Thank you for looking it up.")]
    told = f"{count.normalize():f}".replace(".", ",")
    case = OpenCase(CASE, subject=at.code, note=f"{NOTES[at.wants]}: {told} {goods.unit if goods else ''}".strip())
    contact = ports.me.contact
    if contact is not None and contact.phone:
        return None, [case, _will_call(at.wants, count, goods, contact.phone, ports)]
    return Consenting(at.code, at.wants, count), [case, _may_we(at.wants, count, goods, ports)]


@recall.step
def consenting(at: Consenting, heard: Heard, ports: Ports) -> Turn[Consenting | Phoning | None]:
    """Silence or another answer is no consent. A number that she types is: we have just asked for it."""
    match heard:
        case CaseOpened():
            return at, []
        case Pick("yes"):
            return at, [GiveConsent(PURPOSE, CONSENT_VERSION)]
        case ConsentKept():
            return Phoning(at.code, at.wants, at.count), [_which_number()]
        case Pick("no"):
            return None, [_call_her(ports)]
        case Text(words) if read_contact(words).phone:
            return Phoning(at.code, at.wants, at.count, words), [GiveConsent(PURPOSE, CONSENT_VERSION)]
        case ContactCard(named, phone) if phone:
            return Phoning(at.code, at.wants, at.count, f"{named} {phone}"), [GiveConsent(PURPOSE, CONSENT_VERSION)]
    return at, [Hint(_may_we(at.wants, at.count, _goods(at.code, ports), ports))]


@recall.step
def phoning(at: Phoning, heard: Heard, ports: Ports) -> Turn[Phoning | None]:
    match heard:
        case ConsentKept():
            return at, _save(at.phone, ports)
        case ContactKept():
            contact = ports.me.contact
            phone = contact.phone if contact is not None else ""
            return None, [
                OpenCase(CASE, subject=at.code, note="đã cho số điện thoại"),
                _will_call(at.wants, at.count, _goods(at.code, ports), phone, ports),
            ]
        case Refused():
            return at, [_which_number()]
        case Text(words) if read_contact(words).phone:
            return at, _save(words, ports)
        case ContactCard(named, phone) if phone:
            return at, _save(f"{named} {phone}", ports)
    return at, [Hint(_which_number())]


def _save(words: str, ports: Ports) -> list[Effect]:
    said = read_contact(words)
    you = (said.honorific or form_of_address(said.name) or "") if said.name else ""
    given = said.name.split()[-1] if said.name else ""
    saved = SaveContact(said.name, said.phone or "", given_name=given, you=you)
    return [saved, Remember("you", you)] if you else [saved]


def _count(heard: Heard, goods: Goods | None) -> Decimal | None:
    """How many whole packages, or how much of what is weighed; None for anything else."""
    match heard:
        case Number(value):
            amount: Decimal | None = value
        case Text(words) if (told := parse_quantity(words)) and told.unit in (None, goods.unit if goods else None):
            amount = told.value
        case _:
            return None
    step = goods.step if goods is not None and goods.step < 1 else Decimal(1)
    if goods is not None and goods.unit in MEASURES:
        step = min(step, TENTH)
    return amount if amount is not None and 0 <= amount <= MOST and amount % step == 0 else None


def _goods(code: str, ports: Ports) -> Goods | None:
    stamp: Stamp | None = ports.book.stamp(code)
    return stamp.goods if stamp is not None else None


# What is said


def _how_many(goods: Goods | None, *, again: bool = False) -> Say:
    unit = goods.unit if goods else ""
    if again:
        return say(
            "Please type only how many %(unit)s of this lot you have, for example: 2", unit=unit, expects="number"
        )
    return say("How many %(unit)s of this lot do you have?", unit=unit, expects="number")


def _may_we(wants: Wants, count: Decimal, goods: Goods | None, ports: Ports) -> Say:
    """The consent: who keeps what, what for."""
    choices = [
        choice("yes", say("Yes, I send it"), words=("được", "đồng ý", "gửi số")),
        choice("no", say("I call the co-op")),
    ]
    if wants == "refund":
        return say(
            "I note: the money for %(goods)s back. %(Clerk)s of the co-op calls %(when)s. May the co-op keep your "
            "phone number to pay you back?",
            goods=_counted(count, goods),
            Clerk=_capital(ports.me.clerk),
            when=_when(ports.now),
            weighty=True,
            choices=choices,
        )
    return say(
        "I note: %(goods)s swapped, free of charge. %(Clerk)s of the co-op calls %(when)s. May the co-op keep your "
        "phone number for the exchange?",
        goods=_counted(count, goods),
        Clerk=_capital(ports.me.clerk),
        when=_when(ports.now),
        weighty=True,
        choices=choices,
    )


def _which_number() -> Say:
    return say("Thank you. What is your phone number? For example: 0912 345 678.", expects="words")


def _will_call(wants: Wants, count: Decimal, goods: Goods | None, phone: str, ports: Ports) -> Say:
    params: dict[str, Any] = {
        "goods": _counted(count, goods),
        "clerk": ports.me.clerk,
        "phone": phone,
        "when": _when(ports.now),
    }
    if wants == "refund":
        return say(
            "Thank you. I have noted: the money for %(goods)s back. %(clerk)s calls %(phone)s %(when)s. Please keep "
            "the goods until then, and do not eat them.",
            **params,
        )
    return say(
        "Thank you. I have noted: %(goods)s swapped, free of charge. %(clerk)s calls %(phone)s %(when)s. Please keep "
        "the goods until then, and do not eat them.",
        **params,
    )


def _call_her(ports: Ports) -> Say:
    return say(
        "Please call %(clerk)s of %(coop)s: %(phone)s. %(Clerk)s knows of this lot already. Please do not eat the "
        "goods.",
        clerk=ports.me.clerk,
        Clerk=_capital(ports.me.clerk),
        phone=ports.me.clerk_phone,
    )


def _counted(count: Decimal, goods: Goods | None) -> Say:
    """`2 gói miến`"""
    return say("%(amount)s of %(name)s", amount=Amount(count, goods.unit if goods else ""), name=name(goods))


def _when(now: datetime) -> Say:
    return say("today") if now.weekday() < 6 and now.time() < EVENING else say("tomorrow")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
