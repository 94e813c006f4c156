"""What a producer has on sale, and the news that somebody ordered from her."""

from functools import reduce

from bot.dialogue import Ask, Dialogue, Turn
from bot.dialogues.harvest import grown, meant
from bot.dialogues.telling import call_person, called, not_a_seller
from bot.effect import Amount, Choice, Day, Hold, Lines, Listed, Money, Say, choice, noticed, say
from bot.event import OrderCancelled, OrderNews
from bot.ports import Grown, PartView, Ports

SHOWN = 6

garden = Dialogue("garden")


@garden.action("show")
@garden.opens("stock_query")
def show(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """All her goods, or the one that she asks about: how much is left, at what price to her, from which day."""
    if ports.me.role != "producer":
        return None, [Hold(), not_a_seller(ports)]
    mine = ports.garden.grown()
    asked = [one for goods in _named(ask, ports) if (one := grown(ports, goods))]
    shown = (asked or list(mine))[:SHOWN]
    if not shown:
        return None, [
            Hold(),
            say("%(You)s have nothing on sale yet. To begin, just write, for example: oranges 20 kg 25 thousand.",
                choices=[_put_on_sale(), call_person()]),
        ]  # fmt: skip
    lines = Lines(tuple(_line(one, ports) for one in shown))
    choices = [_put_on_sale(), choice("garden.done", say("Done"))]
    rest = len(mine) - len(shown)
    if asked or not rest:
        return None, [Hold(), say("The goods of %(named)s:\n%(lines)s", lines=lines, choices=choices)]
    return None, [
        Hold(),
        say("The goods of %(named)s:\n%(lines)s\nand %(count)s more.", lines=lines, count=rest, choices=choices),
    ]


@garden.action("done")
def done(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    return None, [say("All right. Whenever %(you)s have something, just write to me.")]


@garden.hears(OrderNews)
def ordered(at: object, news: OrderNews, ports: Ports) -> Turn[None]:
    """A new order: what of hers is wanted, and what she gets for it. Nothing if it is gone by now."""
    part = ports.orders.part(news.part_id)
    return (None, [_notice(part)]) if part is not None and part.stands else (None, [])


@garden.hears(OrderCancelled)
def cancelled(at: object, news: OrderCancelled, ports: Ports) -> Turn[None]:
    """An order is called off: what need not be packed any more."""
    part = ports.orders.part(news.part_id)
    if part is None or part.stands:
        return None, []
    return None, [
        noticed(
            say(
                "Order %(code)s is called off, %(you)s need not prepare it any more:\n%(lines)s",
                code=part.order_code,
                lines=Lines(_wanted(part)),
            ),
            "order_cancelled",
            code=part.order_code,
            goods=Listed(_wanted(part)),
        )
    ]


def _named(ask: Ask, ports: Ports) -> list[int]:
    goods, sure = meant(str(ask.slots.get("product", "")), ports)
    return [product.id for product in goods] if sure else []


def _line(mine: Grown, ports: Ports) -> Say:
    goods = f"{mine.goods.emoji} {called(mine.goods, ports)}".strip()
    if not mine.in_all:
        return say("%(goods)s: sold out", goods=goods)
    left, price, unit = Amount(mine.in_all, mine.goods.unit), Money(mine.price_vnd), mine.goods.unit
    start = mine.available_from
    if start is None or start <= ports.now.date() or len(mine.standing) > 1:
        return say("%(goods)s: %(left)s left, %(price)s/%(unit)s", goods=goods, left=left, price=price, unit=unit)
    return say(
        "%(goods)s: %(left)s, %(price)s/%(unit)s, from %(on)s",
        goods=goods,
        left=left,
        price=price,
        unit=unit,
        on=Day(start, "short"),
    )


def _notice(part: PartView) -> Say:
    return noticed(
        say(
            "🔔 %(Named)s, there is a new order!\n%(lines)s\n%(You)s get: %(money)s",
            lines=Lines(_wanted(part)),
            money=_sum(part),
        ),
        "order_new",
        code=part.order_code,
        goods=Listed(_wanted(part)),
        money=Money(part.total_vnd),
    )


def _wanted(part: PartView) -> tuple[Say, ...]:
    return tuple(
        say("%(goods)s %(amount)s", goods=f"{emoji} {name}".strip(), amount=Amount(quantity, unit))
        for emoji, name, quantity, unit, _ in part.lines
    )


def _sum(part: PartView) -> Say:
    """`75.000đ + 40.000đ = 115.000đ`"""
    first, *others = (say("%(money)s", money=Money(vnd)) for *_, vnd in part.lines)
    if not others:
        return first
    added = reduce(lambda left, right: say("%(left)s + %(right)s", left=left, right=right), others, first)
    return say("%(parts)s = %(total)s", parts=added, total=Money(part.total_vnd))


def _put_on_sale() -> Choice:
    return choice("post.start", say("Put on sale"))
