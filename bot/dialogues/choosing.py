"""Which of the goods that were put before her: by name, by price, by pointing; and her last order once more."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bot.dialogue import Ask, Turn
from bot.dialogues import cart as basket
from bot.dialogues.buying import UNDO_STEPS, AnyState, Basket, HowMuch, Which, lower, tell, under_way
from bot.dialogues.cart import Line
from bot.dialogues.filling import ask_amount, ask_which, nothing_found, taken
from bot.dialogues.pointing import Pointed, among, read_pointing
from bot.dialogues.shop import CLOSE
from bot.effect import Hint, Listed, Money, Say, choice, say
from bot.ports import Found, Goods, Ports
from bot.understand.numbers import bare_number
from bot.understand.text import fold

AROUND_A_NAME = frozenset(
    {"cai", "loai", "mon", "cua", "lay", "cho", "chi", "anh", "em", "a", "nhe", "nha", "di", "nay"}
)
SOUNDS = 68.0  # a score of the search from which on words that answer a list may mean one of it


def pointed(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """Words that name no goods, said where goods were shown; a hint if she points at none of them.

    ask.slots: `shown` are the products that the open question names, `code` the stamp that it is about.
    """
    found = read_pointing(ask.words)
    if found is None or ports.me.role == "producer":
        return at, [*nothing_found(ask.words, ports)]
    if found.which == "again":
        cart, draft_id, past = under_way(at, ports)
        return again(Basket(draft_id, cart, past), ports) or (at, [no_order_yet()])
    shown, code = _shown(at, ask, ports)
    if not shown or (len(shown) > 1 and found.which == "that" and found.unit is None and found.quantity):
        return at, [*nothing_found(ask.words, ports)]
    cart, draft_id, past = under_way(at, ports)
    asked = Which(draft_id, cart, tuple(goods.id for goods in shown), found.quantity, found.unit or "", past)
    return _pointed(found, asked, ports, code, ask.words)


def named_of(words: str, at: Which, ports: Ports) -> Turn[AnyState | None] | None:
    """Her answer to `Which one do you mean?` in words; None if it means none of them."""
    goods = _goods(at, ports)
    found = read_pointing(words)
    if found is not None and found.which != "again":
        asked = replace(at, quantity=found.quantity or at.quantity, unit=found.unit or at.unit)
        return _pointed(found, asked, ports, "", words)
    wanted = set(fold(words).split()) - AROUND_A_NAME
    inside = [one for one in goods if wanted <= set(fold(f"{one.name} {one.label} {one.seller}").split())]
    meant = inside if wanted and inside else _searched(words, goods, ports)
    return these(meant, at, ports) if len(meant) == 1 else None


def these(chosen: Sequence[Goods], at: Which, ports: Ports, code: str = "", words: str = "") -> Turn[AnyState | None]:
    """On with the goods that she chose: one, or all of several at once."""
    if len(chosen) == 1:
        goods = chosen[0]
        state = HowMuch(at.draft_id, at.cart, goods.id, code, past=at.past)
        return (
            taken(state, goods, at.quantity, at.unit or None, ports, words=words)
            if at.quantity
            else ask_amount(state, ports)
        )
    cart = at.cart
    for goods in chosen:
        fitted = basket.fit(goods, at.quantity or goods.step, at.unit or goods.unit)
        if not isinstance(fitted, Decimal):
            narrowed = replace(at, product_ids=tuple(one.id for one in chosen))
            return narrowed, [ask_which(narrowed, ports)]
        cart = basket.put(cart, Line(goods.id, fitted, goods.price_vnd, said_at=ports.now))
    return tell(Basket(at.draft_id, cart, (*at.past, at.cart)[-UNDO_STEPS:] if at.cart else at.past), ports)


def again(at: Basket, ports: Ports) -> Turn[AnyState | None] | None:
    """The goods of her last order at today's prices, for a yes; None if there was no order."""
    last = next((order for order in ports.orders.mine() if order.status != "cancelled"), None)
    view = ports.orders.by_code(last.code) if last is not None else None
    if view is None or view.receipt is None:
        return None
    cart, missing = at.cart, []
    for bought in view.receipt.lines:
        goods, quantity = _exactly(bought.title, ports), bare_number(bought.amount.split()[0])
        wanted = min(quantity, goods.left) if goods is not None and quantity is not None else Decimal(0)
        if goods is None or wanted <= 0:
            missing.append(bought.title)
        else:
            cart = basket.put(cart, Line(goods.id, wanted, goods.price_vnd, said_at=ports.now))
    lead = [_as_last_time(view.code, missing)]
    if cart == at.cart:
        return None, [
            *lead,
            say("What else would you like?", choices=[choice("shop.browse", say("See what there is"))]),
        ]
    state, said = tell(Basket(at.draft_id, cart, (*at.past, at.cart)[-UNDO_STEPS:] if at.cart else at.past), ports)
    return state, [*lead, *said]


def no_order_yet() -> Say:
    return say(
        "You have no order yet. Type what you would like, for example: 2 kg cam.",
        choices=[choice("shop.browse", say("See what there is"))],
    )


def _pointed(found: Pointed, at: Which, ports: Ports, code: str, words: str) -> Turn[AnyState | None]:
    goods = _goods(at, ports)
    taken_already = [one.id for one in goods if basket.quantity_of(at.cart, one.id)]
    chosen = among(found.which, goods, taken_already[0] if len(taken_already) == 1 else None)
    if not chosen:
        return at, [Hint(ask_which(at, ports))]
    if found.which == "all":
        return these(chosen, at, ports)
    if len(chosen) != 1:
        return at, [ask_which(at, ports)]
    state, said = these(chosen, at, ports, code, words)
    if found.which == "that":
        return state, said
    return state, [_that_is(chosen[0]), *said]


def _that_is(goods: Goods) -> Say:
    """Which one that is and what it costs, before she pays for it."""
    return say("That is %(label)s, %(price)s/%(unit)s.", label=lower(goods.label), price=Money(goods.price_vnd),
               unit=goods.unit)  # fmt: skip


def _as_last_time(code: str, missing: Sequence[str]) -> Say:
    if missing:
        return say(
            "As in order %(code)s, at today's prices. There is no %(missing)s now.", code=code,
            missing=Listed(tuple(map(lower, missing))),
        )  # fmt: skip
    return say("As in order %(code)s, at today's prices.", code=code)


def _shown(at: AnyState | None, ask: Ask, ports: Ports) -> tuple[list[Goods], str]:
    """The goods that were put before her, and the stamp that they come from; without any the lot in view."""
    ids = ask.slots.get("shown", ())
    goods = [one for one in map(ports.shelf.get, ids) if one is not None and one.left]
    code = str(ask.slots.get("code", "")) or (ports.lot_in_view if at is None and not ids else "")
    stamp = ports.book.stamp(code) if code and not goods else None
    if stamp is None or stamp.state != "active" or not stamp.here or not stamp.goods.left:
        return goods, ""
    return [stamp.goods], stamp.code


def _goods(at: Which, ports: Ports) -> list[Goods]:
    return [goods for goods in map(ports.shelf.get, at.product_ids) if goods is not None]


def _searched(words: str, goods: Sequence[Goods], ports: Ports) -> list[Goods]:
    ids = {one.id for one in goods}
    found: list[Found] = [
        match for match in ports.shelf.search(words) if match.goods.id in ids and match.score >= SOUNDS
    ]
    return [match.goods for match in found if found[0].score - match.score < CLOSE]


def _exactly(title: str, ports: Ports) -> Goods | None:
    """The product of that name or label."""
    return next(
        (found.goods for found in ports.shelf.search(title) if title in (found.goods.label, found.goods.name)), None
    )
