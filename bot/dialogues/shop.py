"""What is on sale today, one product as a card, and a kind no with something near."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.dialogues.cart import names
from bot.dialogues.regional import either, first_upper, is_called, on_shelf, several, sold_as
from bot.effect import Amount, Card, Carousel, Choice, Hint, Lines, Listed, Money, Say, choice, say
from bot.event import Pick, Text
from bot.ports import Goods, Ports
from bot.understand.lexicon import canonical, product_named
from bot.understand.text import fold
from catalog.acts.person import Wish, WishKept
from catalog.trace import grouped

PAGE = 4
ROW = 10  # cards beside each other; Messenger takes no more
LONGEST_ON_A_BUTTON = 16  # characters beside "Xem"
CLOSE = 6.0  # two products whose scores are nearer than that are both meant

shop = Dialogue("shop")


@dataclass(frozen=True, slots=True)
class Wishing:
    """She asked for something that nobody sells: shall we tell her when there is some? names: what it may mean."""

    words: str
    names: tuple[str, ...] = ()


@shop.action("browse")
@shop.opens("browse")
def browse(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Four at a time, in the co-op's order; `arg` is where to start. A product that she names is shown as a card."""
    named = on_shelf(str(ask.slots.get("product", "")), ports) if ask.slots.get("product") else []
    if named and not any(named[0].score - match.score < CLOSE for match in named[1:]):
        return None, [_card(named[0].goods)]
    goods = ports.shelf.on_sale()
    category = fold(str(ask.slots.get("category", "")))
    if category:
        goods = [product for product in goods if category in fold(product.category)] or goods
        if len(goods) == 1:
            return None, [_card(goods[0])]
    return None, [_list(goods, _start(ask, goods), ports)] if goods else [_nothing()]


@shop.action("pictures")
def pictures(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """What is on sale, to look at: ten cards in a row, and the list for a channel that has no such thing."""
    goods = ports.shelf.on_sale()
    if not goods:
        return None, [_nothing()]
    start = _start(ask, goods)
    shown = goods[start : start + ROW]
    lead = say(
        "Today %(seller)s has:",
        seller=_seller(goods, ports),
        choices=_after_goods("shop.pictures", start + ROW, min(len(goods) - start - len(shown), ROW)),
    )
    return None, [replace(_list(goods, start, ports), carousel=Carousel(lead, tuple(map(_small_card, shown))))]


@shop.action("show")
def show(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """One product, as a card."""
    goods = ports.shelf.get(int(ask.arg)) if ask.arg.isdecimal() else None
    if goods is None:
        return browse(at, Ask("browse"), ports)
    return None, [_card(goods)]


@shop.opens("search")
def search(at: Wishing | None, ask: Ask, ports: Ports) -> Turn[Wishing | None]:
    """She asks for something: one card if it is clear what, a list if it may be several, else a kind no."""
    words = str(ask.slots.get("product") or ask.words)
    named = product_named(words)
    found = on_shelf(words, ports) or (on_shelf(named.name, ports) if named else [])
    near = [match.goods for match in found if found[0].score - match.score < CLOSE]
    if not near or (named is not None and not any(_is(goods, named.name, ports) for goods in near)):
        meanings = several(words, lambda name: sold_as(name, ports))
        if meanings:
            return _which_meaning(words, meanings, ports)
        return not_sold(named.name if named else words, named.category if named else "", ports)
    if len(near) == 1:
        return None, [_card(near[0])]
    return None, [
        say(
            "Which one do you mean?\n%(lines)s",
            lines=Lines(tuple(map(_offer, near)), numbered=True),
            items=[choice("shop.show", say("%(label)s", label=goods.label), str(goods.id)) for goods in near],
            choices=[choice("shop.browse", say("See everything"))],
        )
    ]


def _which_meaning(words: str, meanings: tuple[str, ...], ports: Ports) -> Turn[Wishing | None]:
    """`củ sắn`: which of its meanings there is, and which there is not; of none of them she may be told one day."""
    goods = [one for name in meanings for one in sold_as(name, ports)]
    if not goods:
        asked = Wishing(words[:60], meanings)
        return asked, [_which_wish(asked)]
    shown = [choice("shop.show", say("%(label)s", label=one.label), str(one.id)) for one in goods[:PAGE]]
    return None, [
        say(
            "By %(words)s, do you mean %(names)s? There is:\n%(lines)s",
            words=words[:60],
            names=either(meanings),
            lines=Lines(tuple(map(_offer, goods[:PAGE])), numbered=True),
            items=shown,
            choices=[choice("shop.browse", say("See everything"))],
        )
    ]


def _which_wish(at: Wishing) -> Say:
    """Nothing of what she may mean is there: of which shall she be told when there is some?"""
    picks = [choice("name", say("%(name)s", name=first_upper(name)), arg=name) for name in at.names]
    if len(picks) < 3:
        return say(
            "By %(words)s, do you mean %(names)s? The co-op has none of them yet. Shall I tell you when there is some?",
            words=at.words,
            names=either(at.names),
            choices=[*picks, _no()],
        )
    lines = Lines(tuple(say("%(name)s", name=name) for name in at.names), numbered=True)
    return say(
        "By %(words)s, which of these do you mean? The co-op has none yet. Of which shall I tell you?\n%(lines)s",
        words=at.words,
        lines=lines,
        items=picks,
        choices=[_no()],
    )


def not_sold(words: str, category: str, ports: Ports) -> Turn[Wishing]:
    """No, with what comes near, the dearest first, and an offer to tell her."""
    near = sorted(
        (goods for goods in ports.shelf.on_sale() if category and goods.category == category),
        key=lambda goods: -goods.price_vnd,
    )[:2]
    words = words[:60]
    if not near:
        return Wishing(words), [
            say(
                "The co-op does not have %(words)s yet. Shall I tell you when there is some?",
                words=words,
                choices=[_tell_me(), choice("shop.browse", say("See what there is")), _no()],
            )
        ]
    return Wishing(words), [
        say(
            "The co-op does not have %(words)s yet. Near to it there is %(near)s. "
            "Shall I tell you when there is %(words)s?",
            words=words,
            near=names(near),
            choices=[
                _tell_me(),
                choice("shop.browse", see(near)),
                _no(),
            ],
        )
    ]


@shop.step
def wishing(at: Wishing, heard: Heard, ports: Ports) -> Turn[Wishing | None]:
    match heard:
        case Pick("yes"):
            return at, [Wish(at.words)]
        case Pick("name", name):
            return at, [Wish(name)]
        case Text(words) if (name := canonical(words)) in at.names:
            return at, [Wish(name)]
        case WishKept(words):
            return None, [say("Noted: I will tell you when there is %(words)s.", words=words)]
        case Pick("no"):
            return None, [say("All right. Type the name of anything else that you would like.")]
        case _ if at.names:
            return None, [Hint(_which_wish(at))]
        case _:
            return None, [
                Hint(
                    say(
                        "Shall I tell you when there is %(words)s?",
                        words=at.words,
                        choices=[_tell_me(), _no()],
                    )
                )
            ]


def _nothing() -> Say:
    return say(
        "The co-op has nothing on sale just now. Please look in again tomorrow, or ask a person.",
        choices=[choice("person.call", say("Talk to a person"))],
    )


def _list(goods: Sequence[Goods], start: int, ports: Ports) -> Say:
    shown = goods[start : start + PAGE]
    return say(
        "Today %(seller)s has:\n%(lines)s\nType a number to see the picture, or the name of a product.",
        seller=_seller(goods, ports),
        lines=Lines(tuple(map(_offer, shown)), numbered=True),
        items=[choice("shop.show", say("%(label)s", label=product.label), str(product.id)) for product in shown],
        choices=_after_goods("shop.browse", start + PAGE, min(len(goods) - start - len(shown), PAGE)),
    )


def _start(ask: Ask, goods: Sequence[Goods]) -> int:
    return int(ask.arg) if ask.arg.isdecimal() and int(ask.arg) < len(goods) else 0


def _seller(goods: Sequence[Goods], ports: Ports) -> Say | str:
    return say("the co-op") if len({product.seller_id for product in goods}) == 1 else ports.me.coop


def _after_goods(action: str, start: int, more: int) -> Sequence[Choice]:
    """action: what shows the `more` goods that follow from `start` on, if there are any."""
    following = [choice(action, say("See %(count)s more", count=more), str(start))] if more else []
    return [*following, choice("order.show", say("My cart")), choice("person.call", say("Talk to a person"))]


def _offer(goods: Goods) -> Say:
    return say(
        "%(emoji)s %(label)s %(price)s/%(unit)s",
        emoji=goods.emoji,
        label=goods.label,
        price=Money(goods.price_vnd),
        unit=goods.unit,
    )


def _card(goods: Goods) -> Say:
    price = Money(goods.price_vnd)
    facts: dict[str, Any] = {"price": price, "unit": goods.unit, "left": Amount(goods.left, goods.unit)}
    if not goods.left:
        subtitle = say("%(price)s/%(unit)s · sold out", price=price, unit=goods.unit)
    elif goods.code:
        subtitle = say("%(price)s/%(unit)s · %(left)s left · lot %(code)s", code=grouped(goods.code), **facts)
    else:
        subtitle = say("%(price)s/%(unit)s · %(left)s left", **facts)
    return Say(msgid="", card=Card(goods.name, subtitle, goods.image), choices=tuple(_card_choices(goods)))


def _small_card(goods: Goods) -> Say:
    """One of many in a row: its price and what is left, and only the buttons that are about it."""
    subtitle = say(
        "%(price)s/%(unit)s · %(left)s left",
        price=Money(goods.price_vnd),
        unit=goods.unit,
        left=Amount(goods.left, goods.unit),
    )
    return Say(msgid="", card=Card(goods.name, subtitle, goods.image), choices=tuple(_about(goods)))


def _card_choices(goods: Goods) -> Sequence[Choice]:
    return [*_about(goods), choice("person.call", say("Ask more"))]


def _about(goods: Goods) -> Sequence[Choice]:
    choices = [choice("order.add", say("Add to cart"), str(goods.id))] if goods.left else []
    if goods.code:
        choices.append(choice("trace.scan", say("See where it is from"), goods.code))
    return choices


def _is(goods: Goods, name: str, ports: Ports) -> bool:
    """Whether the product that was heard in her words may be this one: `trưng gà` speaks of gà, and means trứng gà."""
    return is_called(goods, name, ports) or f" {fold(name)} " in f" {fold(goods.name)} {fold(goods.label)} "


def _tell_me() -> Choice:
    return choice("yes", say("Yes, tell me"))


def _no() -> Choice:
    return choice("no", say("No"))


def see(goods: Sequence[Goods]) -> Say:
    """A button's title that names these goods, or none where they do not fit."""
    if len(", ".join(product.short for product in goods)) > LONGEST_ON_A_BUTTON:
        return say("See what there is")
    return say("See %(goods)s", goods=Listed(tuple(product.short for product in goods)))
