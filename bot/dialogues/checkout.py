"""From the cart to the order: consent, name and phone, address, and one yes to everything on one page.

Nothing is reserved before that yes; what was said in the cart is compared with the shelf when it comes.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from bot.dialogue import Heard, Turn
from bot.dialogues import cart as basket
from bot.dialogues.buying import (
    BUYS,
    CONSENT_VERSION,
    Addressing,
    AnyState,
    Basket,
    Changing,
    CheckingAddress,
    Consenting,
    HowMuch,
    Naming,
    Reviewing,
    changes,
    fee_line,
    fees,
    go_on,
    lower,
    order,
    tell,
)
from bot.dialogues.cart import Cart
from bot.dialogues.filling import edited, find
from bot.dialogues.whereto import (
    MOST_KEPT,
    check,
    is_address,
    is_unsure,
    moves,
    named_in,
    names_commune,
    shortened,
    with_place,
)
from bot.effect import Amount, Choice, Day, Effect, Hint, Lines, Money, Remember, Say, choice, say
from bot.event import Change, Pick, Text
from bot.ports import Fee, Ports
from bot.understand.orders import read_edit
from bot.understand.people import form_of_address, pretty_phone, read_contact
from catalog.acts import Refused
from catalog.acts.order import Placed, PlacedOrder, PlaceOrder, PriceMoved, SoldOut
from catalog.acts.person import ConsentKept, ContactKept, GiveConsent, OpenCase, SaveContact


def checkout(draft_id: str, cart: Cart, ports: Ports) -> Turn[AnyState | None]:
    """The next thing that is still missing: consent, name and phone, address; else all of it, said back."""
    contact = ports.me.contact
    if "order" not in ports.me.consents:
        return Consenting(draft_id, cart), [_ask_consent()]
    if contact is None or not contact.phone:
        return Naming(draft_id, cart), [_ask_name()]
    if not contact.name:  # she gave a number alone, for something else
        return Naming(draft_id, cart, phone=contact.phone.replace(" ", "")), [_ask_name()]
    if not contact.address:
        return Addressing(draft_id, cart), [_ask_address(contact.phone)]
    return review(draft_id, cart, "delivery", ports)


@order.step
def consenting(at: Consenting, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    """Silence or another answer is not consent; a no still allows a pick-up with the order's code alone."""
    match heard:
        case Pick("yes"):
            return at, [GiveConsent("order", CONSENT_VERSION)]
        case ConsentKept():
            return checkout(at.draft_id, at.cart, ports)
        case Pick("no"):
            return review(at.draft_id, at.cart, "pickup", ports, lead=say("That is fine, then I keep nothing of you."))
        case Pick("full"):
            return at, [
                say(
                    "What %(coop)s keeps: name, phone and address. Why: to deliver and to call you about the order. "
                    "Who sees it: the co-op and the carrier. How long: 3 years with the order, as the law on accounts "
                    "asks. You may see, correct or delete it: type XEM DỮ LIỆU or XÓA DỮ LIỆU.\nDo you agree?",
                    choices=_consent_choices()[:2],
                    weighty=True,
                )
            ]
    return at, [Hint(_ask_consent())]


@order.step
def naming(at: Naming, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    """Name and phone, in one message or two; an address beside them is kept until both are there, then read back."""
    match heard:
        case Text(words):
            where = named_in(words)
            address = where.address if where is not None else at.address
            said = read_contact(where.rest if where is not None else words)
            name, phone = said.name or at.name, said.phone or at.phone
            title = said.honorific or at.title
            if phone and name:
                you = title or form_of_address(name)
                known: list[Effect] = [Remember("you", you)] if you else []
                given = name.split()[-1]
                return replace(at, address=address), [SaveContact(name, phone, given_name=given, you=you), *known]
            if phone:
                return replace(at, phone=phone, address=address), [
                    say("And your name, please? For example: Hằng 0912 345 678.", expects="words")
                ]
            if name and len(name) <= 60 and (where is not None or not any(char.isdigit() for char in words)):
                return replace(at, name=name, address=address, title=title), [
                    say("Thank you, %(name)s. And the phone number, please?", name=name, expects="words")
                ]
            if where is not None:
                return replace(at, address=address), [
                    say("I have the address. And the name and phone number, please?", expects="words")
                ]
        case ContactKept() if at.address:
            return _checking(at.draft_id, at.cart, at.address)
        case ContactKept():
            return checkout(at.draft_id, at.cart, ports)
    return at, [Hint(say("I need a name and a phone number, for example: Hằng 0912 345 678.", expects="words"))]


@order.step
def addressing(at: Addressing, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    match heard:
        case Text(words) if is_address(words):
            return _checking(at.draft_id, at.cart, words[:MOST_KEPT])
    return at, [
        Hint(
            say(
                "Where shall it be delivered? Please type house number, street, commune or ward, and province.",
                expects="words",
            )
        )
    ]


@order.step
def checking_address(at: CheckingAddress, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    """Her words are kept whatever she answers; a place that she chooses is written behind them."""
    match heard:
        case Pick("yes"):
            return at, [SaveContact(address=at.address)]
        case Pick("place", number):
            return at, [SaveContact(address=with_place(at.address, number))]
        case ContactKept():
            return review(at.draft_id, at.cart, "delivery", ports)
        case Pick("no") | Change():
            return Addressing(at.draft_id, at.cart), [_ask_address("")]
        case Text(words) if is_address(words) and any(char.isdigit() for char in words):
            return _checking(at.draft_id, at.cart, words[:MOST_KEPT])
        case Text(words) if is_unsure(at.address) and names_commune(words):
            return _checking(at.draft_id, at.cart, f"{at.address}, {words}"[:MOST_KEPT])
    return at, [Hint(check(at.address))]


def _checking(draft_id: str, cart: Cart, address: str) -> Turn[CheckingAddress]:
    return CheckingAddress(draft_id, cart, address), [check(address)]


def review(
    draft_id: str, cart: Cart, way: Literal["delivery", "pickup"], ports: Ports, lead: Say | None = None
) -> Turn[AnyState | None]:
    """Everything on one page: goods, way, sum, where to. The saved address is used only after it was shown."""
    rows = fees(cart, ports) if way == "delivery" else []
    if any(row is None for row in rows):
        way, rows = "pickup", []
        lead = say("This cannot be delivered, but you can pick it up.")
    fee_vnd = sum(row.fee_vnd for row in rows if row is not None)
    state = Reviewing(draft_id, cart, way, fee_vnd)
    said = [lead] if lead is not None else []
    if len(basket.weights(cart, ports.shelf)) > 1:
        said.append(say("Your cart has goods of several co-ops, so it becomes one order for each of them."))
    return state, [*said, _ask_review(state, rows, ports)]


@order.step
def reviewing(at: Reviewing, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    match heard:
        case Pick("yes"):
            contact = ports.me.contact if "order" in ports.me.consents else None
            return at, [
                PlaceOrder(
                    at.draft_id,
                    basket.wanted(at.cart),
                    at.way,
                    contact.id if contact and at.way == "delivery" else None,
                    at.fee_vnd,
                )
            ]
        case Placed(orders):
            return None, [_placed(orders, at.way, ports)]
        case SoldOut(left):
            return _sold_out(at, dict(left), ports)
        case PriceMoved(prices):
            cart = basket.at_prices(at.cart, prices, ports.now)
            return review(at.draft_id, cart, at.way, ports, lead=_moved(at.cart, cart, ports))
        case Refused():
            return Basket(at.draft_id, at.cart), [
                OpenCase("question", subject="order refused"),
                say(
                    "I could not place the order. Your cart stays as it is, and %(clerk)s of %(coop)s will call you.",
                    clerk=ports.me.clerk,
                    choices=go_on(),
                ),
            ]
        case Pick("change") | Change():
            return Changing(at.draft_id, at.cart, at.way), [_ask_change(at.way, ports)]
        case Pick("stop" | "no"):
            return Basket(at.draft_id, at.cart), [
                say("All right, nothing is ordered. Your cart stays as it is.", choices=go_on())
            ]
        case Text(words) if moves(words):
            where = named_in(words)
            if where is not None:
                return _checking(at.draft_id, at.cart, where.address)
            return Addressing(at.draft_id, at.cart), [_ask_address("")]
        case Text(words):
            edits = read_edit(words, find(ports))
            if edits:
                return edited(Basket(at.draft_id, at.cart), edits, ports)
    return at, [Hint(_ask_review(at, fees(at.cart, ports) if at.way == "delivery" else [], ports))]


@order.step
def changing(at: Changing, heard: Heard, ports: Ports) -> Turn[AnyState | None]:
    match heard:
        case Pick("goods"):
            return tell(Basket(at.draft_id, at.cart), ports)
        case Pick("address"):
            return Addressing(at.draft_id, at.cart), [_ask_address("")]
        case Pick("pickup"):
            return review(at.draft_id, at.cart, "pickup", ports)
        case Pick("delivery"):
            return checkout(at.draft_id, at.cart, ports)
    return at, [Hint(_ask_change(at.way, ports))]


def _sold_out(at: Reviewing, left: dict[int, Decimal], ports: Ports) -> Turn[AnyState | None]:
    """Somebody was faster: take what is left, or go without."""
    product_id = next(iter(left))
    goods = ports.shelf.get(product_id)
    rest = tuple(line for line in at.cart if line.product_id != product_id)
    if goods is None or not left[product_id]:
        gone = say("Somebody has just bought the last %(label)s.", label=lower(goods.label) if goods else "")
        if not rest:
            instead = choice("shop.browse", say("See what there is"))
            return None, [gone, say("What else would you like?", choices=[instead])]
        state, effects = tell(Basket(at.draft_id, rest), ports)
        return state, [gone, *effects]
    return HowMuch(at.draft_id, rest, product_id), [
        say(
            "Somebody has just bought some, I have only %(left)s left. How many %(unit)s would you like?",
            left=Amount(left[product_id], goods.unit),
            unit=goods.unit,
            expects="number",
        )
    ]


def _ask_consent() -> Say:
    return say(
        "To deliver, %(coop)s needs your name, phone number and address. Only for the order, sold to nobody. You can "
        "have it deleted at any time: type XÓA DỮ LIỆU.\nDo you agree?",
        choices=_consent_choices(),
        weighty=True,
    )


def _ask_name() -> Say:
    return say("Thank you. What name and phone number shall I put down?", expects="words")


def _ask_address(phone: str) -> Say:
    if phone:
        return say(
            "%(Named)s – %(phone)s. Where shall it be delivered? (house number, street, commune or ward, province)",
            phone=pretty_phone(phone.replace(" ", "")),
            expects="words",
        )
    return say(
        "Please type the address again: house number, street, commune or ward, province.",
        expects="words",
    )


def _ask_review(at: Reviewing, rows: Sequence[Fee | None], ports: Ports) -> Say:
    lines = basket.lines(at.cart, ports)
    total = Money(basket.total(at.cart) + at.fee_vnd)
    choices = [
        choice("yes", say("Place the order"), words=BUYS),
        choice("change", say("Change")),
        choice("stop", say("Cancel")),
    ]
    contact = ports.me.contact
    if at.way == "pickup" or contact is None:
        return say(
            "Please look it over:\n%(lines)s\nPick-up at %(shop)s from tomorrow afternoon, no fee\n"
            "You pay there: %(total)s\nShall I place the order?",
            lines=lines,
            shop=ports.me.shop or ports.me.coop,
            total=total,
            choices=choices,
            weighty=True,
        )
    return say(
        "%(Named)s, please look it over:\n%(lines)s\n%(fees)s\nYou pay on delivery: %(total)s\n"
        "📍 %(address)s – %(phone)s\nShall I place the order?",
        lines=lines,
        fees=Lines(tuple(_fee_lines(at.cart, rows, ports)), bullet="• "),
        total=total,
        address=shortened(contact.address),
        phone=contact.phone,
        choices=choices,
        weighty=True,
    )


def _fee_lines(cart: Cart, rows: Sequence[Fee | None], ports: Ports) -> list[Say]:
    """What delivery costs; with several sellers, of whose goods."""
    told = [fee_line(row) for row in rows if row is not None]
    if len(told) == 1:
        return told
    sellers = basket.sellers(cart, ports.shelf)
    return [say("%(seller)s: %(fee)s", seller=seller, fee=fee) for seller, fee in zip(sellers, told, strict=False)]


def _placed(placed: Sequence[PlacedOrder], way: str, ports: Ports) -> Say:
    first = placed[0]
    choices = [
        choice("mine.order", say("See the order"), first.code),
        choice("mine.cancel", say("Cancel the order"), first.code),
    ]
    if len(placed) > 1:
        return say(
            "✅ Ordered. Your orders:\n%(orders)s\nIf you need anything, just type the code.",
            orders=Lines(
                tuple(
                    say(
                        "%(code)s – %(seller)s: %(total)s",
                        code=entry.code,
                        seller=entry.seller,
                        total=Money(entry.total_vnd),
                    )
                    for entry in placed
                ),
                bullet="• ",
            ),
            choices=[choice("mine.show", say("My orders"))],
        )
    if way == "pickup":
        return say(
            "✅ Ordered. Order code %(code)s. Pick it up at %(shop)s from %(day)s; the code is enough.",
            code=first.code,
            shop=ports.me.shop or ports.me.coop,
            day=Day(first.expected_on, "weekday"),
            choices=choices,
        )
    return say(
        "✅ Ordered. Order code %(code)s. Expected on %(day)s.\nIf you need anything, just type: đơn %(code)s.",
        code=first.code,
        day=Day(first.expected_on, "weekday"),
        choices=choices,
    )


def _moved(before: Cart, after: Cart, ports: Ports) -> Say:
    return say("The price has changed meanwhile: %(changes)s", changes=changes(before, after, [], ports))


def _ask_change(way: str, ports: Ports) -> Say:
    other = choice("delivery", say("Have it delivered")) if way == "pickup" else choice("pickup", say("Pick it up"))
    address = [choice("address", say("The address"))] if way == "delivery" else []
    return say("What shall I change?", choices=[choice("goods", say("The goods")), *address, other])


def _consent_choices() -> list[Choice]:
    return [
        choice("yes", say("I agree")),
        choice("no", say("I do not agree")),
        choice("full", say("Read it all")),
    ]
