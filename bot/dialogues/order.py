"""A customer buys: what she wants is said back, changed in her own words, and kept until she comes back."""

from dataclasses import replace
from decimal import Decimal

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues import cart as basket
from bot.dialogues.buying import (
    BUYS,
    AnyState,
    Basket,
    HowMuch,
    Returned,
    Which,
    ask_basket,
    changes,
    enough,
    fee_lines,
    go_on,
    known,
    order,
    tell,
    under_way,
)
from bot.dialogues.checkout import checkout, review
from bot.dialogues.choosing import again, named_of, no_order_yet, pointed, these
from bot.dialogues.filling import (
    ask_amount,
    ask_which,
    edited,
    fill,
    left_out,
    nothing_found,
    read_changes,
    taken,
    undone,
)
from bot.dialogues.missing import not_found, stamp_of
from bot.dialogues.pointing import read_pointing
from bot.dialogues.stamps import buy
from bot.effect import Choice, Hint, Lines, Money, choice, say
from bot.event import Back, Change, Due, Number, Pick, Text
from bot.ports import Ports
from bot.understand.amounts import parse_quantity
from bot.understand.orders import Edit, wants_saved_address

__all__ = ["order"]


@order.opens("order", "cart_edit")
def wants(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """A sentence that names goods, with or without amounts; for a cart that is under way it adds to it."""
    if ask.slots.get("op") == "view":
        return show(at, ask, ports)
    cart, draft_id, past = under_way(at, ports)
    held = Basket(draft_id, cart, past)
    edits = read_changes(held, ask.words, ports) if cart and ask.name == "cart_edit" else []
    if edits:
        return edited(held, edits, ports, ask.words)
    filled = fill(held, ask.words, ports)
    if filled is None:
        return at, [*nothing_found(ask.words, ports)]
    state, effects = filled
    if isinstance(state, Basket) and not cart and wants_saved_address(ask.words) and known(ports):
        return review(state.draft_id, state.cart, "delivery", ports)
    return state, effects


@order.action("lot")
def from_stamp(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """`Buy` under a stamp: the lot stays with the line."""
    stamp = stamp_of(ask.arg, ports)
    if stamp is None:
        return at, not_found(ask.arg, ports)[1]
    if not buy(stamp):
        return at, [say("This lot is not on sale any more. Type the name of what you would like instead.")]
    cart, draft_id, past = under_way(at, ports)
    return ask_amount(HowMuch(draft_id, cart, stamp.goods.id, code=stamp.code, past=past), ports)


@order.action("add")
def add(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    goods = ports.shelf.get(int(ask.arg)) if ask.arg.isdecimal() else None
    if goods is None or not goods.left:
        return at, [say("That is sold out just now. Type the name of something else that you would like.")]
    cart, draft_id, past = under_way(at, ports)
    return ask_amount(HowMuch(draft_id, cart, goods.id, past=past), ports)


order.action("pointed")(pointed)


@order.action("show")
def show(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Basket | None]:
    cart, draft_id, past = under_way(at, ports)
    if not cart:
        return None, [
            say(
                "Your cart is empty. Type what you would like, for example: 2 kg cam.",
                choices=[choice("shop.browse", say("See what there is"))],
            )
        ]
    return tell(Basket(draft_id, cart, past), ports)


@order.action("fee")
@order.opens("delivery_fee")
def fee(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    cart, _, _ = under_way(at, ports)
    if not cart:
        return at, [say("Delivery is reckoned by weight. Type what you would like, and I tell you the fee at once.")]
    return at, [say("%(fees)s", fees=Lines(tuple(fee_lines(cart, ports))), choices=go_on())]


@order.opens("checkout")
def wants_to_pay(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    cart, draft_id, _ = under_way(at, ports)
    return checkout(draft_id, cart, ports) if cart else show(at, ask, ports)


@order.step
def in_basket(at: Basket, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    match heard:
        case Pick("yes"):
            return checkout(at.draft_id, at.cart, ports)
        case Pick("more"):
            return at, [say("What else would you like? Type its name, for example: 2 kg cam.", expects="words")]
        case Pick("edit") | Change():
            return replace(at, editing=True), [
                say(
                    "What shall I change? For example: bớt 1 kg cam, bỏ trứng, thêm 2 chai mật.\n%(lines)s",
                    lines=basket.lines(at.cart, ports),
                    expects="words",
                )
            ]
        case Pick("undo") | Back() if at.past:
            return undone(at, ports)
        case Text(words):
            edits = read_changes(at, words, ports)
            if edits:
                return edited(at, edits, ports, words)
            filled = fill(at, words, ports, counted=True)
            if filled is not None:
                return filled
            pointed_at = read_pointing(words)
            if pointed_at is not None and pointed_at.which == "again":
                return again(at, ports) or (at, [no_order_yet()])
            if pointed_at is not None and pointed_at.which == "that" and pointed_at.quantity:
                wish = Edit("set", "", None, 0.0, pointed_at.quantity, pointed_at.unit)
                return edited(at, [wish], ports, words)
    return at, [Hint(ask_basket(at, ports))]


@order.step
def amount(at: HowMuch, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    goods = ports.shelf.get(at.product_id)
    if goods is None:
        return left_out(at, ports)
    match heard:
        case Number(value):
            return taken(at, goods, value, goods.unit, ports)
        case Pick("guess") if at.guess:
            return taken(at, goods, at.guess, goods.unit, ports)
        case Pick("pieces"):
            return replace(at, guess=Decimal(0)), [
                say(
                    "%(label)s is sold by the %(unit)s, as pieces differ in size. How many %(unit)s would you like?",
                    label=goods.label,
                    unit=goods.unit,
                    expects="number",
                )
            ]
        case Pick("stop"):
            return left_out(at, ports)
        case Text(words):
            amount = parse_quantity(words)
            if amount is not None:
                return taken(at, goods, amount.value, amount.unit, ports, words=words)
    return at, [Hint(say("I did not catch the amount. Please type it, for example: 2 or 2,5 kg."))]


@order.step
def which(at: Which, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    match heard:
        case Pick("this", product_id):
            goods = ports.shelf.get(int(product_id))
            if goods is not None:
                return these([goods], at, ports)
        case Pick("stop" | "no"):
            return left_out(at, ports)
        case Text(words):
            return named_of(words, at, ports) or (at, [Hint(ask_which(at, ports))])
    return at, [Hint(ask_which(at, ports))]


@order.returns
def welcome_back(at: AnyState, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    """Days later: the cart is told back at today's prices, with what has changed."""
    if isinstance(heard, Text):
        today = Basket(at.draft_id, basket.priced_today(at.cart, ports.shelf, ports.now))
        filled = fill(today, heard.words, ports, counted=True)
        if filled is not None:
            return filled
    if not at.cart:
        return None, [
            say(
                "Hello %(named)s, I am the automatic assistant of %(coop)s. What would you like today?",
                choices=[choice("shop.browse", say("See what there is"))],
            )
        ]
    priced = basket.priced_today(at.cart, ports.shelf, ports.now)
    sold_out = [line for line in priced if not enough(line, ports)]
    cart = basket.at_most(priced, ports.shelf)
    if basket.total(cart) == basket.total(at.cart) and len(cart) == len(at.cart) and not sold_out:
        told = say(
            "Hello %(named)s, I am the automatic assistant of %(coop)s. Last time you chose %(goods)s. "
            "The price is still the same: %(total)s. Shall we go on with the order?",
            goods=basket.in_a_row(cart, ports),
            total=Money(basket.total(cart)),
            choices=_return_choices(),
        )
    else:
        told = say(
            "Hello %(named)s, I am the automatic assistant of %(coop)s. Last time you chose %(goods)s. %(changes)s "
            "Now it is %(total)s. Shall we go on with the order?",
            goods=basket.in_a_row(cart, ports),
            changes=changes(at.cart, priced, sold_out, ports),
            total=Money(basket.total(cart)),
            choices=_return_choices(),
        )
    return Returned(at.draft_id, cart), [told]


@order.hears(Due)
def remind(at: AnyState | None, event: Due, ports: Ports) -> Turn[AnyState | None]:
    """One reminder for each cart, as an offer of help."""
    if at is None or at.draft_id != event.ref or not at.cart:
        return at, []
    return at, [
        say(
            "%(Named)s, I am still keeping your cart of %(total)s. Is there anything I can help with?",
            total=Money(basket.total(at.cart)),
            choices=[
                choice("order.go_on", say("Go on")),
                choice("order.fee", say("What is delivery?")),
                choice("order.drop", say("I do not want it"), at.draft_id),
            ],
        )
    ]


@order.action("go_on")
def goes_on(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """After a reminder: the next thing that is still missing."""
    return checkout(at.draft_id, at.cart, ports) if at is not None and at.cart else show(at, ask, ports)


@order.action("drop")
def drops(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """After a reminder: she does not want that cart; one that she has filled since then stays."""
    if at is None or at.draft_id != ask.arg:
        return show(at, ask, ports)
    return None, [
        say(
            "All right, the cart is empty again. What would you like?",
            choices=[choice("shop.browse", say("See what there is"))],
        )
    ]


@order.step
def returned(at: Returned, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    match heard:
        case Pick("go" | "yes"):
            return checkout(at.draft_id, at.cart, ports)
        case Pick("drop" | "anew" | "no"):
            return None, [
                say(
                    "All right, the cart is empty again. What would you like?",
                    choices=[choice("shop.browse", say("See what there is"))],
                )
            ]
        case Pick("cart") | Change():
            return tell(Basket(at.draft_id, at.cart), ports)
        case Text(words):
            filled = fill(Basket(at.draft_id, at.cart), words, ports, counted=True)
            if filled is not None:
                return filled
    return at, [
        Hint(
            say(
                "Shall we go on with your cart of %(total)s?",
                total=Money(basket.total(at.cart)),
                choices=_return_choices(),
            )
        )
    ]


def _return_choices() -> list[Choice]:
    return [
        choice("yes", say("Go on"), words=(*BUYS, "tiếp", "tiếp tục")),
        choice("anew", say("Start over")),
        choice("cart", say("See the cart")),
    ]
