"""An order that was placed shall go somewhere else. Its page is written when it is placed, so a person changes it.

Steps of the dialogue `mine`.
"""

from dataclasses import dataclass

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.mine import CAN_CANCEL, SHOWN, STATUS, mine, not_yours
from bot.dialogues.whereto import MOST_KEPT, is_address, named_in, shortened
from bot.effect import Choice, Hint, Lines, Say, choice, say
from bot.event import Change, Pick, Text
from bot.ports import OrderView, Ports
from bot.understand.codes import find_order_code
from catalog.acts.person import CaseOpened, OpenCase

__all__ = ["mine"]

CASE = "change of address"


@dataclass(frozen=True, slots=True)
class WhichOrder:
    """Several orders are on their way to her: which one? address: where to, if she has said so."""

    address: str = ""


@dataclass(frozen=True, slots=True)
class Whereto:
    """Where shall this order go?"""

    code: str


@dataclass(frozen=True, slots=True)
class Moving:
    """This order to that address: shall we ask the co-op?"""

    code: str
    address: str


@mine.opens("change_address")
def wants_it_elsewhere(at: object, ask: Ask, ports: Ports) -> Turn[WhichOrder | Whereto | Moving | None]:
    """Before anything is placed the address is asked for and read back; only an order is moved."""
    named = named_in(ask.words)
    address = named.address if named is not None else ""
    code = find_order_code(ask.words)
    orders = [order for order in ports.orders.mine() if order.status in CAN_CANCEL]
    if code:
        named_one = ports.orders.by_code(code)
        return _moving(named_one, address, ports) if named_one is not None else (None, [not_yours(code)])
    if len(orders) == 1:
        return _moving(orders[0], address, ports)
    if orders:
        asked = WhichOrder(address)
        return asked, [_which_order(orders)]
    return None, [
        say(
            "No order of yours is waiting to leave. When you order, I read the address back and you can change it.",
            choices=[choice("mine.show", say("My orders")), choice("person.call", say("Talk to a person"))],
        )
    ]


@mine.step
def which_order(at: WhichOrder, heard: Heard, ports: Ports) -> Turn[WhichOrder | Whereto | Moving | None]:
    match heard:
        case Pick("move", picked):
            chosen = ports.orders.by_code(picked)
            return _moving(chosen, at.address, ports) if chosen is not None else (None, [not_yours(picked)])
        case Pick("no"):
            return None, [_stays()]
        case Text(words) if (code := find_order_code(words)) and (order := ports.orders.by_code(code)):
            return _moving(order, at.address, ports)
    return at, [Hint(_which_order([order for order in ports.orders.mine() if order.status in CAN_CANCEL]))]


@mine.step
def where_to(at: Whereto, heard: Heard, ports: Ports) -> Turn[Whereto | Moving | None]:
    match heard:
        case Pick("no"):
            return None, [_stays()]
        case Text(words) if is_address(words):
            named = named_in(words)
            return _ask(at.code, named.address if named is not None else words[:MOST_KEPT], ports)
    return at, [Hint(_ask_where(at.code))]


@mine.step
def moving(at: Moving, heard: Heard, ports: Ports) -> Turn[Whereto | Moving | None]:
    match heard:
        case Pick("yes"):
            return at, [OpenCase(CASE, note=at.address, subject=at.code)]
        case CaseOpened():
            return None, [
                say(
                    "I have asked %(clerk)s of %(coop)s to change the address of order %(code)s. Until she has said so "
                    "it goes to the old one. If it is urgent, call %(phone)s.",
                    clerk=ports.me.clerk,
                    code=at.code,
                    phone=ports.me.clerk_phone,
                )
            ]
        case Pick("again") | Change():
            return Whereto(at.code), [_ask_where(at.code)]
        case Pick("no"):
            return None, [_stays()]
        case Text(words) if is_address(words) and any(char.isdigit() for char in words):
            return _ask(at.code, words[:MOST_KEPT], ports)
    return at, [Hint(_ask(at.code, at.address, ports)[1][0])]


def _moving(order: OrderView, address: str, ports: Ports) -> Turn[Whereto | Moving | None]:
    if order.status not in CAN_CANCEL:
        return None, [
            say(
                "Order %(code)s is %(status)s, so the address cannot be changed any more. Shall I call %(clerk)s?",
                code=order.code,
                status=STATUS[order.status],
                clerk=ports.me.clerk,
                choices=[choice("person.call", say("Ask her")), choice("mine.order", say("Leave it"), order.code)],
            )
        ]
    return _ask(order.code, address, ports) if address else (Whereto(order.code), [_ask_where(order.code)])


def _ask(code: str, address: str, ports: Ports) -> tuple[Moving, list[Say]]:
    return Moving(code, address), [
        say(
            "📍 %(address)s\nShall I ask %(clerk)s to send order %(code)s there?",
            address=shortened(address),
            clerk=ports.me.clerk,
            code=code,
            weighty=True,
            choices=[
                choice("yes", say("Yes, ask her"), words=("đổi", "đổi đi")),
                choice("again", say("Type it again")),
                _leave_it(),
            ],
        )
    ]


def _ask_where(code: str) -> Say:
    return say(
        "Where shall order %(code)s go? Please type house number, street, commune or ward, and province.",
        code=code,
        choices=[_leave_it()],
        expects="words",
    )


def _which_order(orders: list[OrderView]) -> Say:
    shown = orders[:SHOWN]
    return say(
        "Which order shall go somewhere else?\n%(lines)s",
        lines=Lines(tuple(say("%(code)s: %(lines)s", code=one.code, lines=one.lines) for one in shown), numbered=True),
        items=[choice("move", say("%(code)s", code=one.code), one.code) for one in shown],
        choices=[_leave_it()],
    )


def _leave_it() -> Choice:
    return choice("no", say("Leave it"), words=("giữ", "thôi", "không"))


def _stays() -> Say:
    return say("All right, the address stays as it is.")
