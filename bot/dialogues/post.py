"""A producer puts goods on sale: in one sentence, or step by step with nothing but numbers.

Whatever she says fills a draft; what is still missing is asked for, one thing at a time; the whole is read back; only
her yes saves it. What comes after that is in `correct` and `price`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.asking import goods_at, number_please, place_of, question
from bot.dialogues.correct import AfterSale, OnSale, other_amount, put_up, question_of_change
from bot.dialogues.harvest import (
    COUNTED,
    as_line,
    far,
    finder,
    fit,
    goods_of,
    grown,
    meanings,
    meant,
    of_goods,
    postings,
    price_of,
    so_much,
    too_much,
    usual,
)
from bot.dialogues.posting import (
    Asking,
    Changing,
    Choosing,
    Confirming,
    Counting,
    Dating,
    Doubting,
    Draft,
    Line,
    Naming,
    Pricing,
    Returning,
    UnderWay,
    Unlisted,
    Valuing,
    post,
)
from bot.dialogues.price import PassingOn, Repricing, question_of_price
from bot.dialogues.telling import call_person, not_a_seller, note_of, refused, see_goods
from bot.effect import Hint, Say, choice, say
from bot.event import Change, Number, Pick, Text
from bot.ports import Goods, Ports
from bot.understand.amounts import as_price, parse_day, parse_price, parse_quantity
from bot.understand.lexicon import canonical, product_named
from bot.understand.lunar import LunarDay, lunar_day
from bot.understand.postings import read_postings
from catalog.acts import Refused
from catalog.acts.offer import Posted, PostOffers
from catalog.acts.person import CaseOpened, OpenCase

MOST_LINES = 5
TENS = "chục"

LONGEST_NAME = 60  # characters that are said back of goods that nobody knows
SHORT_NAME = 3  # words: so short an answer to "what is it called" is a name, a longer one may be a wish

Saved = AfterSale | Repricing | PassingOn

__all__ = ["post"]


# How it begins


@post.action("start")
def start(at: UnderWay | Saved | None, ask: Ask, ports: Ports) -> Turn[UnderWay | None]:
    """Step by step. A posting that is under way is taken up again."""
    if ports.me.role != "producer":
        return None, [not_a_seller(ports)]
    if not isinstance(at, UnderWay):
        return _anew(ports)
    if at.draft.asked_on < ports.now.date():
        return _returning(at, None, ports)
    return at, [question(at, ports)]


@post.opens("post_stock", "update_stock")
def wants_to_sell(at: UnderWay | Saved | None, ask: Ask, ports: Ports) -> Turn[UnderWay | Saved | None]:
    """`mai co 50 can cam 25 nghin, 3 chuc trung`. How much is left of something is a correction, not a posting."""
    if ports.me.role != "producer":
        return None, [not_a_seller(ports)]
    if ask.name == "update_stock" and ask.slots.get("op") != "add" and not isinstance(at, UnderWay):
        return other_amount(at, ask, ports)
    lines = _lines(ask.words, ports)
    if not lines:
        return start(at, ask, ports)
    doubt = _doubt(too_much(ask.words, ports))
    if isinstance(at, Confirming):
        state, said = onward(at.draft.adding(lines), ports)
        return state, [*doubt, *said]
    state, said = _begin(ports.fresh_id, lines, ports)
    if doubt:
        return state, [*doubt, *said]
    if len(lines) > MOST_LINES:
        first = say("I can write down %(most)s at a time; please send the others after these.", most=MOST_LINES)
        return state, [first, *said]
    return state, said


def _anew(ports: Ports) -> Turn[Choosing | Naming]:
    draft = Draft(ports.fresh_id, ports.now.date(), by_steps=True)
    if not ports.garden.grown():
        naming = Naming(draft)
        return naming, [question(naming, ports)]
    choosing = Choosing(draft)
    return choosing, [question(choosing, ports)]


def _lines(words: str, ports: Ports) -> tuple[Line, ...]:
    """What the sentence puts on sale."""
    return tuple(as_line(line, ports) for line in read_postings(words, finder(ports), ports.now.date()))


def _begin(draft_id: str, lines: tuple[Line, ...], ports: Ports) -> Turn[Asking]:
    """At most five products: more than that nobody can check on a small screen."""
    lines = lines[:MOST_LINES]
    by_steps = len(lines) == 1 and lines[0].quantity is None and lines[0].told is None
    return onward(Draft(draft_id, ports.now.date(), lines, by_steps), ports)


def onward(draft: Draft, ports: Ports) -> Turn[Asking]:
    """Ask for the first thing that is missing, or read everything back."""
    draft = replace(draft, asked_on=ports.now.date())
    state = _next(draft, ports)
    return state, [question(state, ports)]


def _next(draft: Draft, ports: Ports) -> Asking:
    for place, line in enumerate(draft.lines):
        goods = goods_of(ports, line.product_id)
        if goods is None:
            asked = not line.words or meant(line.words, ports)[0] or (not line.named and meanings(line.words, ports))
            return Choosing(draft, place) if asked else Unlisted(draft, place, line.words[:LONGEST_NAME])
        if line.quantity is None:
            return Counting(draft, place)
        mine = grown(ports, goods.id)
        if line.price_vnd is None and (mine is None or line.asks_price):
            return Valuing(draft, place)
        if line.price_vnd is None and draft.by_steps:
            return Pricing(draft, place)
        if line.price_vnd is not None and not line.sure and far(line.price_vnd, usual(ports, goods.id)):
            return Doubting(draft, place, line.price_vnd)
        if line.day_unclear:
            return Dating(draft, place)
    return Confirming(draft) if draft.lines else Choosing(draft)


# The steps, in the order in which a person meets them


@post.step
def choosing(at: Choosing, heard: Heard, ports: Ports) -> Turn[Asking | Naming]:
    match heard:
        case Pick("goods", arg):
            return _with_goods(at.draft, at.place, int(arg), ports)
        case Pick("named", name):
            return _with_name(at.draft, at.place, name, ports)
        case Pick("other"):
            return _naming(at.draft, at.place, ports)
        case Text(words) if (name := canonical(words)) in _asked_about(at, ports):
            return _with_name(at.draft, at.place, name, ports)
        case Text(words):
            return _told_goods(at, words, ports) or (at, [Hint(question(at, ports))])
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def naming(at: Naming, heard: Heard, ports: Ports) -> Turn[Asking | Naming]:
    match heard:
        case Text(words):
            found = _told_goods(at, words, ports)
            if found is not None:
                return found
            if len(words.split()) > SHORT_NAME:
                return at, [Hint(question(at, ports))]
            unlisted = Unlisted(at.draft, at.place, words[:LONGEST_NAME])
            return unlisted, [question(unlisted, ports)]
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def unlisted(at: Unlisted, heard: Heard, ports: Ports) -> Turn[Asking | Naming | None]:
    match heard:
        case Pick("yes"):
            line = at.draft.lines[at.place] if at.place < len(at.draft.lines) else Line(words=at.words)
            return at, [OpenCase("new goods", note=note_of(replace(line, words=at.words)))]
        case Pick("other"):
            return _naming(at.draft, at.place, ports)
        case CaseOpened():
            noted = say("I have told %(clerk)s about %(words)s.", clerk=ports.me.clerk, words=at.words)
            return _rest(at.draft.without(at.place), noted, ports)
        case Pick("stop" | "no"):
            return _rest(at.draft.without(at.place), say("All right, I leave %(words)s out.", words=at.words), ports)
        case Refused():
            return None, [refused(ports)]
        case Text(words):
            return _told_goods(at, words, ports) or (at, [Hint(question(at, ports))])
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def counting(at: Counting, heard: Heard, ports: Ports) -> Turn[Asking]:
    line = at.draft.lines[at.place]
    goods = goods_of(ports, line.product_id)
    if isinstance(heard, Text) and (named := _named(heard.words, ports)):
        return _with_more(
            at.draft, named, heard.words, ports
        )  # a sentence with all in it, where a number was asked for
    quantity = _quantity(heard, goods)
    if quantity is None:
        return at, [Hint(_doubted(heard, goods) or number_please(goods))]
    return onward(at.draft.having(at.place, replace(line, quantity=quantity)), ports)


@post.step
def pricing(at: Pricing, heard: Heard, ports: Ports) -> Turn[Asking]:
    line = at.draft.lines[at.place]
    match heard:
        case Pick("yes"):
            return _with_price(at.draft, at.place, price_of(line, ports), ports)
        case Pick("no"):
            return onward(at.draft.having(at.place, replace(line, asks_price=True)), ports)
        case Text(words) if price := parse_price(words):
            return _with_price(at.draft, at.place, price, ports)
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def valuing(at: Valuing, heard: Heard, ports: Ports) -> Turn[Asking]:
    price = _price(heard)
    if price is None:
        return at, [Hint(question(at, ports))]
    return _with_price(at.draft, at.place, price, ports)


@post.step
def doubting(at: Doubting, heard: Heard, ports: Ports) -> Turn[Asking]:
    line = at.draft.lines[at.place]
    match heard:
        case Pick("price", arg):
            return _with_price(at.draft, at.place, int(arg), ports, sure=True)
        case Pick("other" | "no"):
            return onward(at.draft.having(at.place, replace(line, price_vnd=None, asks_price=True)), ports)
        case Text() | Number() if price := _price(heard):
            return _with_price(at.draft, at.place, price, ports, sure=price == at.price_vnd)
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def dating(at: Dating, heard: Heard, ports: Ports) -> Turn[Asking]:
    today = ports.now.date()
    match heard:
        case Pick("today"):
            return _from_day(at, today, ports)
        case Pick("tomorrow"):
            return _from_day(at, today + timedelta(days=1), ports)
        case Text(words) if day := parse_day(words, today):
            return _from_day(at, day, ports, lunar_day(words, today))
        case _:
            return at, [Hint(question(at, ports))]


def _from_day(at: Dating, day: date, ports: Ports, lunar: LunarDay | None = None) -> Turn[Asking]:
    start = day if day > ports.now.date() else None
    named = lunar if lunar is not None and lunar.solar == start else None
    line = replace(at.draft.lines[at.place], available_from=start, day_unclear="", lunar=named)
    return onward(at.draft.having(at.place, line), ports)


@post.step
def confirming(at: Confirming, heard: Heard, ports: Ports) -> Turn[Asking | Changing | OnSale | None]:
    match heard:
        case Pick("yes"):
            return at, [PostOffers(at.draft.id, postings(at.draft, ports))]
        case Pick("no") | Change():
            return _changing(at.draft, 0 if len(at.draft.lines) == 1 else -1, ports)
        case Pick("stop"):
            return None, [say("All right, I put nothing on sale. Whenever %(you)s have something, just write to me.")]
        case Posted():
            return put_up(heard, at.draft.lines, ports)
        case Refused():
            return None, [refused(ports)]
        case Text(words):
            return _amended(at.draft, 0, words, ports) or (at, [Hint(question(at, ports))])
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def changing(at: Changing, heard: Heard, ports: Ports) -> Turn[Asking | Changing | Naming]:
    match heard:
        case Pick("line", arg):
            return _changing(at.draft, int(arg), ports)
        case Pick("amount"):
            line = at.draft.lines[at.place]
            return onward(at.draft.having(at.place, replace(line, quantity=None)), ports)
        case Pick("price"):
            line = replace(at.draft.lines[at.place], price_vnd=None, asks_price=True, sure=False)
            return onward(at.draft.having(at.place, line), ports)
        case Pick("anew"):
            return _anew(ports)
        case Text(words):
            return _amended(at.draft, at.place, words, ports) or (at, [Hint(question(at, ports))])
        case _:
            return at, [Hint(question(at, ports))]


@post.step
def returning(at: Returning, heard: Heard, ports: Ports) -> Turn[Asking | Returning | Naming]:
    line = at.draft.lines[at.place] if at.place < len(at.draft.lines) else None
    match heard:
        case Pick("yes") if line is not None and at.quantity is not None:
            return onward(at.draft.having(at.place, replace(line, quantity=at.quantity)), ports)
        case Pick("yes" | "no"):
            return onward(at.draft, ports)
        case Pick("anew"):
            return _anew(ports)
        case Number() | Text() if line and (quantity := _quantity(heard, goods_of(ports, line.product_id))):
            return onward(at.draft.having(at.place, replace(line, quantity=quantity)), ports)
        case _:
            return at, [Hint(question(at, ports))]


@post.returns
def came_back(at: UnderWay | Saved, heard: Heard, ports: Ports) -> Turn[UnderWay | Saved | None]:
    """After more than a day an answer is understood in its old place, but it is asked about before it counts."""
    lines = _lines(heard.words, ports) if isinstance(heard, Text) else ()
    hello = say("Hello %(named)s!")
    if any(line.product_id is not None and line.quantity is not None for line in lines):
        state, said = _begin(ports.fresh_id, lines, ports)
        return state, [hello, *said]
    if isinstance(at, OnSale):
        choices = [choice("post.start", say("Put on sale")), see_goods(), call_person()]
        return None, [say("What can I do for %(named)s today?", choices=choices)]
    if not isinstance(at, UnderWay):
        asked = question_of_price(at, ports) if isinstance(at, Repricing | PassingOn) else question_of_change(at, ports)
        return at, [hello, asked]
    counted = _quantity(heard, goods_at(at, ports)) if isinstance(at, Counting) else None
    return _returning(at, counted, ports)


# What her words do to the draft


def _with_goods(draft: Draft, place: int, product_id: int, ports: Ports) -> Turn[Asking]:
    line = draft.lines[place] if place < len(draft.lines) else Line()
    goods = goods_of(ports, product_id)
    line = of_goods(line, goods) if goods is not None else replace(line, product_id=product_id)
    return onward(draft.having(place, line), ports)


def _asked_about(at: Choosing, ports: Ports) -> tuple[str, ...]:
    """The names that the open question offers."""
    return meanings(at.draft.lines[at.place].words, ports) if at.place < len(at.draft.lines) else ()


def _with_name(draft: Draft, place: int, name: str, ports: Ports) -> Turn[Asking]:
    """Which of several things she meant; that may be one which the co-op does not sell yet."""
    goods, sure = meant(name, ports)
    line = replace(draft.lines[place], words=name, named=True)
    if sure and len(goods) == 1:
        line = of_goods(line, goods[0])
    return onward(draft.having(place, line), ports)


def _told_goods(at: Choosing | Naming | Unlisted, words: str, ports: Ports) -> Turn[Asking] | None:
    """A name, or a name with more about it; None if there are no goods in her words."""
    old = at.draft.lines[at.place] if at.place < len(at.draft.lines) else Line()
    named = [line for line in _lines(words, ports) if line.product_id is not None or meant(line.words, ports)[0]]
    line = named[0] if named else Line(words=words)
    goods, sure = meant(line.words, ports)
    if not goods and line.product_id is None:
        return None
    if line.product_id is None and sure and len(goods) == 1:
        line = of_goods(line, goods[0])
    line, known = line.over(old), goods_of(ports, line.product_id)
    line = of_goods(line, known) if known is not None else line
    others = [other for other in named if other is not named[0]]
    draft = at.draft.having(at.place, line).adding(others)
    state, said = onward(replace(draft, by_steps=False) if others else draft, ports)
    return state, [*_doubt(too_much(words, ports)), *said]


def _with_price(draft: Draft, place: int, price_vnd: int | None, ports: Ports, *, sure: bool = False) -> Turn[Asking]:
    line = replace(draft.lines[place], price_vnd=price_vnd, asks_price=price_vnd is None, sure=sure)
    return onward(draft.having(place, line), ports)


def _amended(draft: Draft, place: int, words: str, ports: Ports) -> Turn[Asking] | None:
    """`15 cân thôi`, `cam 15 cân`, `28 nghìn` about what was read back; None if the words say no such thing.

    A bare number says neither: it may be an amount or a price.
    """
    if named := _named(words, ports):
        return _with_more(draft, named, words, ports)
    told = parse_quantity(words)
    if (told is not None and told.unit is None) or (place < 0 and len(draft.lines) > 1):
        return None
    line = draft.lines[max(place, 0)]
    goods = goods_of(ports, line.product_id)
    if goods is not None and told is not None:
        quantity = fit(goods, told.value, told.unit)
        state, said = onward(draft.having(max(place, 0), replace(line, quantity=quantity)), ports)
        return state, [*_doubt(so_much(told.value, told.unit or goods.unit, words)), *said]
    price = parse_price(words)
    return _with_price(draft, max(place, 0), price, ports) if price else None


def _named(words: str, ports: Ports) -> list[Line]:
    """Lines about goods: those of the co-op's book, and others that have a name everybody knows."""
    said = _lines(words, ports)
    return [x for x in said if x.product_id is not None or product_named(x.words) or meanings(x.words, ports)]


def _with_more(draft: Draft, named: Sequence[Line], words: str, ports: Ports) -> Turn[Asking]:
    state, said = onward(draft.adding(named), ports)
    return state, [*_doubt(too_much(words, ports)), *said]


def _naming(draft: Draft, place: int, ports: Ports) -> Turn[Naming]:
    state = Naming(draft, place)
    return state, [question(state, ports)]


def _changing(draft: Draft, place: int, ports: Ports) -> Turn[Changing]:
    state = Changing(draft, place)
    return state, [question(state, ports)]


def _returning(at: UnderWay, quantity: Decimal | None, ports: Ports) -> Turn[Returning]:
    state = Returning(at.draft, place_of(at), quantity)
    return state, [question(state, ports)]


def _rest(draft: Draft, noted: Say, ports: Ports) -> Turn[Asking | None]:
    """What is left of the posting once a line is out of it."""
    if not draft.lines:
        return None, [replace(noted, choices=(choice("post.start", say("Put on sale")), see_goods()))]
    state, said = onward(draft, ports)
    return state, [noted, *said]


def _quantity(heard: Heard, goods: Goods | None) -> Decimal | None:
    """The amount that answers "how many", in the product's own unit."""
    match heard:
        case Number(value) if goods is not None:
            return fit(goods, value, None)
        case Text(words) if goods is not None and (told := parse_quantity(words)):
            if told.unit == TENS and goods.unit not in {TENS, *COUNTED}:
                return fit(goods, told.value * 10, None)  # `năm chục` are fifty of whatever was asked for
            return fit(goods, told.value, told.unit)
        case _:
            return None


def _doubted(heard: Heard, goods: Goods | None) -> Say | None:
    """Whether her answer to "how many" is more than anybody has."""
    unit = goods.unit if goods is not None else ""
    match heard:
        case Number(value):
            return so_much(value, unit, "")
        case Text(words) if told := parse_quantity(words):
            return so_much(told.value, told.unit or unit, words)
        case _:
            return None


def _doubt(asked: Say | None) -> list[Say]:
    return [asked] if asked is not None else []


def _price(heard: Heard) -> int | None:
    match heard:
        case Number(value):
            return as_price(value)
        case Text(words):
            return parse_price(words)
        case _:
            return None
