"""How a producer's goods are told to her, in few words and with the names that she knows."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from bot.dialogues.harvest import BY_WEIGHT, goods_of, grown, likely, price_of
from bot.dialogues.posting import Draft, Line
from bot.effect import Amount, Choice, Day, Lines, Money, Param, Say, Spoken, Word, choice, say
from bot.i18n import WEEKDAYS
from bot.ports import Goods, Ports
from bot.understand.lunar import LunarDay

BUTTON = 20
FULL_MOON = 15


def name(goods: Goods | None) -> str:
    """Inside a sentence: `cam`."""
    return goods.short or goods.label[:1].lower() + goods.label[1:] if goods else "?"


def heading(goods: Goods | None) -> str:
    """At the head of a line: `🍊 Cam`."""
    word = name(goods)
    return f"{goods.emoji if goods else ''} {word[:1].upper()}{word[1:]}".strip()


def called(goods: Goods, ports: Ports) -> str:
    """In a list of what she grows, by the name that she gave it: `Trứng gà`."""
    mine = grown(ports, goods.id)
    return mine.called if mine is not None and mine.called else goods.label


def title(words: str) -> str:
    """A name that fits on a button."""
    return words if len(words) <= BUTTON else f"{words[: BUTTON - 1].rstrip()}…"


def unit(goods: Goods | None) -> Param:
    """The unit as people say it."""
    if goods is None:
        return ""
    return Word("kilo") if goods.unit == BY_WEIGHT else goods.unit


def amount(goods: Goods | None, quantity: Decimal | None) -> Amount:
    return Amount(quantity or Decimal(0), goods.unit if goods else "")


def told(line: Line, ports: Ports) -> Say:
    """`🥚 Trứng 3 chục (30 quả) – giá cũ 40.000đ/chục`"""
    goods = goods_of(ports, line.product_id)
    many, price = _with_pieces(goods, line.quantity), _price(line, goods, ports)
    start, today = line.available_from, ports.now.date()
    if start is None or start <= today:
        return say("%(goods)s %(amount)s – %(price)s", goods=heading(goods), amount=many, price=price)
    if line.lunar is not None:
        when = say("available from %(on)s (%(lunar)s)", on=Day(start, "short"), lunar=_lunar(line.lunar))
    elif start == today + timedelta(days=1):
        when = say("available tomorrow, %(on)s", on=Day(start, "short"))
    else:
        when = say("available from %(on)s", on=Day(start, "weekday"))
    return say("%(goods)s %(amount)s – %(price)s – %(when)s", goods=heading(goods), amount=many, price=price, when=when)


def as_told(line: Line) -> Say | None:
    """`sắn 250 kg – 4.000đ/kg`, of goods that are in no book yet; None if she named no amount."""
    if line.told is None:
        return None
    many, price = Amount(line.told, line.told_unit or ""), line.price_vnd
    if price is None:
        return say("%(words)s %(amount)s", words=line.words, amount=many)
    if line.told_unit is None:
        return say("%(words)s %(amount)s – %(price)s", words=line.words, amount=many, price=Money(price))
    each = say("%(price)s/%(unit)s", price=Money(price), unit=line.told_unit)
    return say("%(goods)s %(amount)s – %(price)s", goods=line.words, amount=many, price=each)


def note_of(line: Line) -> str:
    """The same for the co-op's staff, as a note."""
    unit = line.told_unit or ""
    many = f" {line.told:f} {unit}".rstrip() if line.told is not None else ""
    price = f", {line.price_vnd}đ{'/' if unit else ''}{unit}" if line.price_vnd is not None else ""
    return f"{line.words}{many}{price}"


def _lunar(day: LunarDay) -> Say:
    """`rằm tháng 10 âm lịch`, `1/11 âm lịch`"""
    if day.leap:
        return say("%(day)s/%(month)s (leap month) of the lunar calendar", day=day.day, month=day.month)
    if day.day == FULL_MOON:
        return say("full moon of lunar month %(month)s", month=day.month)
    return say("%(day)s/%(month)s of the lunar calendar", day=day.day, month=day.month)


def _with_pieces(goods: Goods | None, quantity: Decimal | None) -> Param:
    if goods is None or goods.pieces == 1 or quantity is None:
        return amount(goods, quantity)
    return say("%(amount)s (%(pieces)s pieces)", amount=amount(goods, quantity), pieces=quantity * goods.pieces)


def _price(line: Line, goods: Goods | None, ports: Ports) -> Say:
    price, per = Money(price_of(line, ports) or 0), goods.unit if goods else ""
    if line.price_vnd is None:
        return say("last price %(price)s/%(unit)s", price=price, unit=per)
    return say("%(price)s/%(unit)s", price=price, unit=per)


def all_told(draft: Draft, ports: Ports) -> Lines:
    return Lines(tuple(told(line, ports) for line in draft.lines))


def weekday(on: date, today: date) -> Param:
    """`thứ Năm` within the last week, otherwise `12/11`."""
    return WEEKDAYS[on.weekday()] if today - on < timedelta(days=7) else Day(on, "short")


# Buttons


def see_goods() -> Choice:
    return choice("garden.show", say("See my goods"))


def done() -> Choice:
    return choice("done", say("Done"))


def call_person() -> Choice:
    return choice("person.call", say("Talk to a person"))


def never_mind() -> Choice:
    return choice("stop", say("Never mind"))


# Said in more than one place


def which_price(goods: Goods | None, tried_vnd: int | None, last_vnd: int | None) -> Say:
    """Slips of ten times are caught by asking, never by guessing."""
    prices = likely(tried_vnd, last_vnd) if tried_vnd is not None else []
    offered = [choice("price", say("%(price)s", price=Spoken(price)), arg=str(price)) for price in prices[:2]]
    bubble = say(
        "How much do you want for 1 %(unit)s of %(name)s? The price now is %(last)s.",
        name=name(goods),
        unit=unit(goods),
        last=Spoken(last_vnd or 0),
        choices=[*offered, choice("other", say("Another price"))] if offered else [],
    )
    return bubble if offered else replace(bubble, expects="number")


def not_a_seller(ports: Ports) -> Say:
    """Only whom the co-op has invited sells through it."""
    return say(
        "To sell through %(coop)s you need an invitation from the co-op. %(clerk)s will gladly help you.",
        clerk=ports.me.clerk,
        choices=[call_person()],
    )


def refused(ports: Ports) -> Say:
    return say(
        "I am not allowed to do that for you, and nothing was changed. %(clerk)s of %(coop)s will help you.",
        clerk=ports.me.clerk,
        choices=[call_person(), see_goods()],
    )
