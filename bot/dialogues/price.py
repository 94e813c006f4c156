"""Another price for what is on sale: it is the co-op's to set, so her wish is checked for a slip and passed on.

Steps of the dialogue `post`.
"""

from dataclasses import dataclass

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.correct import OnSale, which_goods
from bot.dialogues.harvest import far, goods_of, grown, meant
from bot.dialogues.posting import post
from bot.dialogues.telling import call_person, name, not_a_seller, refused, see_goods, which_price
from bot.effect import Hint, Money, Say, choice, say
from bot.event import Change, Number, Pick, Text
from bot.ports import Grown, Ports
from bot.understand.amounts import as_price, parse_price
from catalog.acts import Refused
from catalog.acts.person import CaseOpened, OpenCase


@dataclass(frozen=True, slots=True)
class Repricing:
    """Which price does she want? `tried_vnd` is one that may be a slip."""

    product_id: int
    tried_vnd: int | None = None


@dataclass(frozen=True, slots=True)
class PassingOn:
    """Another price for what is on sale: shall we tell the co-op, which sets it?"""

    product_id: int
    price_vnd: int


@post.opens("update_price")
def other_price(at: object, ask: Ask, ports: Ports) -> Turn[OnSale | Repricing | PassingOn | None]:
    """Another price for what is on sale is the co-op's to set: it is passed on, after the check for a slip."""
    if ports.me.role != "producer":
        return None, [not_a_seller(ports)]
    mine = grown(ports, _named(ask, ports))
    if mine is None:
        return at if isinstance(at, OnSale) else None, [which_goods(ports)]
    price = ask.slots.get("price_vnd") or parse_price(ask.words)
    return _priced(mine, int(price) if price else None, ports)


@post.step
def repricing(at: Repricing, heard: Heard, ports: Ports) -> Turn[Repricing | PassingOn | None]:
    mine = grown(ports, at.product_id)
    if mine is None:
        return None, [which_goods(ports)]
    match heard:
        case Pick("price", arg):
            return _passing_on(PassingOn(at.product_id, int(arg)), ports)
        case Pick("other"):
            return _priced(mine, None, ports)
        case Number(value) if price := as_price(value):
            return _priced(mine, price, ports, sure=price == at.tried_vnd)
        case Text(words) if price := parse_price(words):
            return _priced(mine, price, ports, sure=price == at.tried_vnd)
        case _:
            return at, [Hint(question_of_price(at, ports))]


@post.step
def passing_on(at: PassingOn, heard: Heard, ports: Ports) -> Turn[Repricing | PassingOn | None]:
    mine = grown(ports, at.product_id)
    match heard:
        case Pick("yes"):
            goods = goods_of(ports, at.product_id)
            return at, [OpenCase("price", note=f"{name(goods)}: {at.price_vnd}", subject=f"product {at.product_id}")]
        case CaseOpened():
            return None, [
                say(
                    "I have told %(clerk)s, who will set the new price. Orders that were placed keep the old one.",
                    clerk=ports.me.clerk,
                    choices=[see_goods(), call_person()],
                )
            ]
        case Refused():
            return None, [refused(ports)]
        case Pick("other") | Change() if mine is not None:
            return _priced(mine, None, ports)
        case Pick("no"):
            return None, [say("All right, the price stays as it is.")]
        case _:
            return at, [Hint(question_of_price(at, ports))]


def _named(ask: Ask, ports: Ports) -> int | None:
    """The one product of hers that the sentence names; what is open already, if it names none and there is one."""
    goods, sure = meant(str(ask.slots.get("product", "")), ports)
    hers = [product for product in goods if sure and grown(ports, product.id)]
    if hers:
        return hers[0].id if len(hers) == 1 else None
    mine = ports.garden.grown()
    return mine[0].goods.id if len(mine) == 1 and not ask.slots.get("product") else None


def _priced(mine: Grown, price_vnd: int | None, ports: Ports, *, sure: bool = False) -> Turn[Repricing | PassingOn]:
    if price_vnd is None or (far(price_vnd, mine.price_vnd) and not sure):
        asked = Repricing(mine.goods.id, price_vnd)
        return asked, [question_of_price(asked, ports)]
    return _passing_on(PassingOn(mine.goods.id, price_vnd), ports)


def _passing_on(at: PassingOn, ports: Ports) -> Turn[PassingOn]:
    return at, [question_of_price(at, ports)]


# What is said


def question_of_price(at: Repricing | PassingOn, ports: Ports) -> Say:
    """The question that is open in this state."""
    match at:
        case Repricing():
            return which_price(goods_of(ports, at.product_id), at.tried_vnd, _last(at.product_id, ports))
        case PassingOn():
            goods = goods_of(ports, at.product_id)
            return say(
                "Shall I ask %(clerk)s to change the price of %(name)s from %(before)s to %(after)s/%(unit)s?",
                clerk=ports.me.clerk,
                name=name(goods),
                before=Money(_last(at.product_id, ports) or 0),
                after=Money(at.price_vnd),
                unit=goods.unit if goods else "",
                weighty=True,
                choices=[
                    choice("yes", say("Yes, ask for it")),
                    choice("other", say("Another price")),
                    choice("no", say("Never mind")),
                ],
            )


def _last(product_id: int, ports: Ports) -> int | None:
    mine = grown(ports, product_id)
    return mine.price_vnd if mine is not None else None
