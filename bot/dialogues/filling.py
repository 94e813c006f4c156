"""Words become lines of a cart: what is clear goes in, what is not is asked, one thing at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from bot.dialogue import Turn
from bot.dialogues import cart as basket
from bot.dialogues.buying import (
    UNDO_STEPS,
    AnyState,
    Basket,
    HowMuch,
    Which,
    edit,
    lower,
    more,
    remembering,
    right,
    tell,
)
from bot.dialogues.cart import Absurd, Line, Misfit, Nothing, OffStep, OtherUnit, TooMuch, UnitUnsure
from bot.dialogues.pointing import typed_amount
from bot.dialogues.regional import MOST_NAMES, either, on_shelf, several, sold_as
from bot.dialogues.shop import CLOSE
from bot.effect import Amount, Choice, Effect, Hint, Lines, Listed, Money, Say, choice, say
from bot.ports import Found, Goods, Ports
from bot.understand.orders import Edit, read_edit, read_lines
from catalog.money import worth


def fill(at: Basket, words: str, ports: Ports, *, counted: bool = False) -> Turn[AnyState | None] | None:
    """Put what a sentence names into the cart; None if it names nothing that is sold.

    What is not clear is asked, one thing at a time: the rest of the sentence is in the cart by then. With `counted` a
    sentence without any amount is none of ours: it may ask for a price.
    """
    lines = read_lines(words, find(ports))
    if counted and not any(line.quantity for line in lines):
        return None
    cart = at.cart
    unclear: list[Which | tuple[Goods, Misfit]] = []
    unknown: list[str] = []
    for line in lines:
        match = _match(line.words, ports)
        amount = Decimal(0) if line.quantity is None else line.quantity
        if not match:
            asked = _meanings(at, line.words, amount, line.unit or "", ports)
            if asked is None:
                unknown.append(line.words)
            else:
                unclear.append(asked)
            continue
        if len(match) > 1:
            unclear.append(Which(at.draft_id, cart, tuple(g.goods.id for g in match), amount, line.unit or ""))
            continue
        goods = match[0].goods
        fitted = basket.fit(goods, amount, line.unit) if amount else UnitUnsure(amount)
        if isinstance(fitted, Decimal):
            if at.editing and basket.quantity_of(cart, goods.id):
                cart = basket.set_to(cart, goods.id, fitted)
            else:
                cart = basket.put(cart, Line(goods.id, fitted, goods.price_vnd, said_at=ports.now))
        else:
            unclear.append((goods, fitted))
    past = remembering(at)
    lead = [_not_found(unknown)] if unknown and (cart != at.cart or unclear) else []
    if unclear:
        first = unclear[0]
        if isinstance(first, Which):
            state = replace(first, cart=cart, past=past)
            return state, [*lead, ask_which(state, ports)]
        goods, misfit = first
        return _misfit(HowMuch(at.draft_id, cart, goods.id, past=past), goods, misfit, ports, lead, words=words)
    if cart == at.cart:
        return None
    new, effects = tell(Basket(at.draft_id, cart, past), ports)
    return new, [*lead, *effects]


def find(ports: Ports) -> Callable[[str], list[tuple[int, float]]]:
    """The search that `bot.understand` reads product words with."""
    return lambda words: [(found.goods.id, found.score) for found in ports.shelf.search(words)]


def _meanings(at: Basket, words: str, amount: Decimal, unit: str, ports: Ports) -> Which | None:
    """Where her words may mean several products and some of them are here: which? `2 kg củ sắn`"""
    names = several(words, lambda name: sold_as(name, ports))
    goods = [one.id for name in names for one in sold_as(name, ports)]
    return Which(at.draft_id, at.cart, tuple(goods), amount, unit, words=words[:40], names=names) if goods else None


def _match(words: str, ports: Ports) -> list[Found]:
    """The one product that is meant, several that may be, or none."""
    found = on_shelf(words, ports)
    return [match for match in found if found[0].score - match.score < CLOSE]


def taken(
    at: HowMuch, goods: Goods, quantity: Decimal, unit: str | None, ports: Ports, *, words: str = ""
) -> Turn[AnyState | None]:
    """So much of it into the cart. words: hers, if she typed the amount."""
    fitted = basket.fit(goods, quantity, unit)
    if not isinstance(fitted, Decimal):
        return _misfit(replace(at, guess=Decimal(0)), goods, fitted, ports, [], words=words)
    cart = basket.put(at.cart, Line(goods.id, fitted, goods.price_vnd, at.code, ports.now))
    past = (*at.past, at.cart)[-UNDO_STEPS:] if at.cart and (not at.past or at.past[-1] != at.cart) else at.past
    return tell(Basket(at.draft_id, cart, past), ports)


def _misfit(
    at: HowMuch, goods: Goods, misfit: Misfit, ports: Ports, lead: Sequence[Say], *, words: str = ""
) -> Turn[AnyState | None]:
    """Ask only what is missing."""
    match misfit:
        case UnitUnsure(quantity) if quantity:
            return _ask_unit(at, goods, quantity, ports, lead)
        case UnitUnsure():
            return ask_amount(at, ports)
        case Nothing():
            return left_out(at, ports)
        case OtherUnit():
            asked = say(
                "%(label)s is sold by the %(unit)s. How many %(unit)s would you like?",
                label=goods.label,
                unit=goods.unit,
                expects="number",
            )
        case OffStep():
            asked = say(
                "%(label)s is sold in steps of %(step)s. How many %(unit)s would you like?",
                label=goods.label,
                step=Amount(goods.step, goods.unit),
                unit=goods.unit,
                expects="number",
            )
        case Absurd(quantity):
            asked = _so_much(goods, quantity, words)
        case TooMuch():
            if not goods.left:
                gone = say("There is no %(label)s left just now.", label=lower(goods.label))
                state, effects = left_out(at, ports)
                return state, [*lead, gone, *effects]
            asked = say(
                "There is only %(left)s of %(label)s left. How many would you like?",
                left=Amount(goods.left, goods.unit),
                label=lower(goods.label),
                expects="number",
            )
    return at, [*lead, asked]


def _so_much(goods: Goods, quantity: Decimal, words: str) -> Say:
    """`99999 tấn`: said back in the unit of the product, so that a slip is seen."""
    amount, typed = Amount(quantity, goods.unit), typed_amount(words, quantity)
    if typed:
        return say(
            "%(typed)s = %(amount)s? Please look again: how many %(unit)s of %(label)s would you like?",
            typed=typed,
            amount=amount,
            unit=goods.unit,
            label=lower(goods.label),
            expects="number",
        )
    return say(
        "%(amount)s? Please look again: how many %(unit)s of %(label)s would you like?",
        amount=amount,
        unit=goods.unit,
        label=lower(goods.label),
        expects="number",
    )


def _ask_unit(at: HowMuch, goods: Goods, quantity: Decimal, ports: Ports, lead: Sequence[Say]) -> Turn[AnyState | None]:
    """`2 cam`: two kilos or two pieces?"""
    fitted = basket.fit(goods, quantity, goods.unit)
    if not isinstance(fitted, Decimal):
        return _misfit(at, goods, fitted, ports, lead)
    piece = "quả"
    return replace(at, guess=quantity), [
        *lead,
        say(
            "Is %(count)s %(short)s %(count)s %(unit)s or %(count)s %(piece)s?",
            count=quantity,
            short=goods.short,
            unit=goods.unit,
            piece=piece,
            choices=[
                choice(
                    "guess",
                    say(
                        "%(amount)s = %(total)s",
                        amount=Amount(quantity, goods.unit),
                        total=Money(worth(goods.price_vnd, quantity)),
                    ),
                    words=(f"{quantity} {goods.unit}",),
                ),
                choice(
                    "pieces",
                    say("%(count)s %(piece)s, weighed", count=quantity, piece=piece),
                    words=(f"{quantity} {piece}",),
                ),
                choice("stop", say("Leave it")),
            ],
        ),
    ]


def ask_amount(at: HowMuch, ports: Ports) -> Turn[AnyState | None]:
    goods = ports.shelf.get(at.product_id)
    if goods is None:
        return left_out(at, ports)
    return at, [how_many(goods)]


def how_many(goods: Goods) -> Say:
    return say(
        "How many %(unit)s of %(label)s would you like?", unit=goods.unit, label=lower(goods.label), expects="number"
    )


def ask_which(at: Which, ports: Ports) -> Say:
    goods = [product for product in map(ports.shelf.get, at.product_ids) if product is not None][:4]
    lines = tuple(
        say(
            "%(emoji)s %(label)s %(price)s/%(unit)s",
            emoji=product.emoji,
            label=product.label,
            price=Money(product.price_vnd),
            unit=product.unit,
        )
        for product in goods
    )
    items = [choice("this", say("%(label)s", label=product.label), str(product.id)) for product in goods]
    if at.names:
        return say(
            "By %(words)s, do you mean %(names)s? There is:\n%(lines)s",
            words=at.words,
            names=either(at.names),
            lines=Lines(lines, numbered=True),
            items=items,
            choices=[choice("stop", say("Leave it"))],
        )
    return say("Which one do you mean?\n%(lines)s", lines=Lines(lines, numbered=True), items=items)


def left_out(at: HowMuch | Which, ports: Ports) -> Turn[AnyState | None]:
    """She does not want it after all, or it is gone: on with the rest of the cart."""
    if not at.cart:
        return None, [
            say(
                "All right. Type the name of anything else that you would like.",
                choices=[choice("shop.browse", say("See what there is"))],
            )
        ]
    return tell(Basket(at.draft_id, at.cart, at.past), ports)


def nothing_found(words: str, ports: Ports) -> Sequence[Effect]:
    named = [line.words for line in read_lines(words, find(ports))]
    return [Hint(_not_found(named or [words[:60]]))]


def _not_found(named: Sequence[str]) -> Say:
    return say(
        "I did not find %(names)s here.",
        names=Listed(tuple(_with_meanings(name) for name in named[:3])),
        choices=[choice("shop.browse", say("See what there is")), choice("person.call", say("Talk to a person"))],
    )


def _with_meanings(words: str) -> Say | str:
    """`củ sắn (sắn hay củ đậu)`: so that she sees that neither of them is here."""
    names = several(words, lambda _: ())
    if len(names) < 2 or len(names) == MOST_NAMES:
        return words[:40]
    return say("%(words)s (%(names)s)", words=words[:40], names=either(names))


def edited(at: Basket, edits: Sequence[Edit], ports: Ports, words: str = "") -> Turn[AnyState | None]:
    """`bot 1 chai mat, them 5 qua buoi`, `bo trung di`."""
    cart, removed = at.cart, []
    for wish in edits:
        match = [m.goods for m in _match(wish.words, ports)] if wish.words else []
        in_cart = [line.product_id for line in cart]
        held = [g for g in match if g.id in in_cart]
        goods = next(iter(held or match), None)
        if not wish.words:
            spoken_of = basket.spoken_of(cart, at.past[-1] if at.past else (), wish.unit, ports.shelf)
            if spoken_of is None:
                return at, [_which_of(at, ports)]
            goods = ports.shelf.get(spoken_of)
        elif len(held) > 1 and wish.op != "add":
            return at, [_which_of(at, ports)]
        elif len(held or match) > 1:
            asked = Which(
                at.draft_id, cart, tuple(g.id for g in match), wish.quantity or Decimal(0), wish.unit or "", at.past
            )
            return asked, [ask_which(asked, ports)]
        if goods is None:
            return at, [_not_found([wish.words or "?"])]
        if wish.op == "remove" or (wish.op == "set" and wish.quantity == 0):
            cart = basket.set_to(cart, goods.id, Decimal(0))
            removed.append(goods)
            continue
        fitted = basket.fit(goods, Decimal(1) if wish.quantity is None else wish.quantity, wish.unit or goods.unit)
        if not isinstance(fitted, Decimal):
            return _misfit(HowMuch(at.draft_id, cart, goods.id, past=at.past), goods, fitted, ports, [], words=words)
        had = basket.quantity_of(cart, goods.id)
        wanted = {"add": had + fitted, "subtract": had - fitted, "set": fitted}.get(wish.op, fitted)
        if had:
            cart = basket.set_to(cart, goods.id, wanted)
        elif wanted > 0:
            cart = basket.put(cart, Line(goods.id, wanted, goods.price_vnd, said_at=ports.now))
    if not cart:
        return None, [
            say(
                "Your cart is empty now. Type what you would like instead.",
                choices=[choice("shop.browse", say("See what there is"))],
            )
        ]
    new = Basket(at.draft_id, cart, (*at.past, at.cart)[-UNDO_STEPS:])
    if removed and len(edits) == len(removed):
        return new, [_removed(new, removed, ports)]
    return new, [
        say(
            "I have changed it:\n%(lines)s\nGoods: %(total)s. Is that right?",
            lines=basket.lines(cart, ports),
            total=Money(basket.total(cart)),
            choices=_edit_choices("undo"),
        )
    ]


def read_changes(at: Basket, words: str, ports: Ports) -> list[Edit]:
    """What her words change in the cart; empty where they change nothing.

    Of `mật ong 1 chai, thêm 1 kg cam` the part without a verb counts too: as the new amount if we asked what to change.
    """
    edits = read_edit(words, find(ports))
    named = {edit.words for edit in edits}
    in_cart = {line.product_id for line in at.cart}
    plain = [line for line in read_lines(words, find(ports)) if line.quantity is not None and line.words not in named]
    if not edits:
        return []
    told = [
        Edit(
            "set" if at.editing and line.product_id in in_cart else "add",
            line.words,
            line.product_id,
            line.score,
            line.quantity,
            line.unit,
        )
        for line in plain
    ]
    return [*told, *edits]


def _which_of(at: Basket, ports: Ports) -> Say:
    """`bớt 1`, where the cart holds several things."""
    return say(
        "%(goods)s: which one do you mean? Please type its name too.",
        goods=basket.in_a_row(at.cart, ports),
        expects="words",
    )


def _removed(at: Basket, removed: Sequence[Goods], ports: Ports) -> Say:
    return say(
        "I have taken out %(gone)s. Left: %(rest)s. Goods: %(total)s.",
        gone=", ".join(goods.short for goods in removed),
        rest=basket.in_a_row(at.cart, ports),
        total=Money(basket.total(at.cart)),
        choices=_edit_choices("undo"),
    )


def undone(at: Basket, ports: Ports) -> Turn[AnyState | None]:
    """One change back, at most eight deep."""
    cart, past = at.past[-1], at.past[:-1]
    now = {line.product_id for line in at.cart}
    back = [ports.shelf.get(line.product_id) for line in cart if line.product_id not in now]
    named = [goods.short for goods in back if goods is not None]
    new = Basket(at.draft_id, cart, past)
    if not named:
        return tell(new, ports)
    return new, [
        say(
            "I have put %(goods)s back. Goods: %(total)s.",
            goods=", ".join(named),
            total=Money(basket.total(cart)),
            choices=_edit_choices("more"),
        )
    ]


def _edit_choices(last: Literal["undo", "more"]) -> list[Choice]:
    return [
        right(),
        edit(),
        choice("undo", say("As it was"), words=("như cũ", "hoàn lại")) if last == "undo" else more(),
    ]
