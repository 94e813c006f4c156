"""A customer's own orders: which there are, where one is, and calling one off."""

from dataclasses import dataclass, replace

from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.effect import Day, Hint, Lines, Money, Say, Word, choice, say
from bot.event import Back, Pick
from bot.ports import OrderView, Ports
from bot.understand.codes import find_order_code
from catalog.acts import Refused
from catalog.acts.order import Cancelled, CancelOrder, TooLate

SHOWN = 3
STATUS = {
    "placed": Word("waiting for the producer"),
    "confirmed": Word("being packed"),
    "packed": Word("packed, about to leave"),
    "sent": Word("on its way"),
    "delivered": Word("delivered"),
    "cancelled": Word("cancelled"),
}
CAN_CANCEL = frozenset({"placed", "confirmed", "packed"})

mine = Dialogue("mine")


@dataclass(frozen=True, slots=True)
class CallingOff:
    code: str


@mine.action("show")
@mine.opens("order_status")
def show(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """One order if she names it or has only one, else the newest three."""
    code = find_order_code(ask.words)
    if code:
        return one(at, Ask("order", code), ports)
    orders = ports.orders.mine()
    if not orders:
        return None, [
            say(
                "You have no order yet. Type what you would like, for example: 2 kg cam.",
                choices=[choice("shop.browse", say("See what there is"))],
            )
        ]
    if len(orders) == 1:
        return None, [_told(orders[0])]
    shown = orders[:SHOWN]
    return None, [
        say(
            "You have %(count)s orders:\n%(lines)s\nWhich one would you like to see?",
            count=len(orders),
            lines=Lines(
                tuple(say("%(code)s – %(status)s", code=order.code, status=_status(order)) for order in shown),
                numbered=True,
            ),
            items=[choice("mine.order", say("%(code)s", code=order.code), order.code) for order in shown],
            choices=[choice("person.call", say("Talk to a person"))],
        )
    ]


@mine.action("order")
def one(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Shown only to its own conversation or phone: a foreign code and one that does not exist get the same answer."""
    order = ports.orders.by_code(ask.arg)
    return None, [_told(order) if order else not_yours(ask.arg)]


@mine.action("cancel")
@mine.opens("cancel")
def cancel(at: CallingOff | None, ask: Ask, ports: Ports) -> Turn[CallingOff | None]:
    code = ask.arg or find_order_code(ask.words) or ""
    orders = [order for order in ports.orders.mine() if order.status in CAN_CANCEL]
    order = ports.orders.by_code(code) if code else orders[0] if len(orders) == 1 else None
    if order is None:
        return None, [not_yours(code) if code else show(None, Ask("show"), ports)[1][0]]
    if order.status not in CAN_CANCEL:
        return None, [_too_late(order.code, order.status, ports)]
    return CallingOff(order.code), [_ask(order)]


@mine.step
def calling_off(at: CallingOff, heard: Heard, ports: Ports) -> Turn[CallingOff | None]:
    match heard:
        case Pick("yes"):
            return at, [CancelOrder(at.code)]
        case Cancelled(code):
            return None, [
                say(
                    "I have cancelled order %(code)s. You have paid nothing, so there is nothing to return. "
                    "Come again!",
                    code=code,
                    choices=[choice("shop.browse", say("See other goods"))],
                )
            ]
        case TooLate(code, status):
            return None, [_too_late(code, status, ports)]
        case Refused():
            return None, [not_yours(at.code)]
        case Pick("no") | Back():
            return None, [say("All right, order %(code)s stays.", code=at.code)]
        case _:
            order = ports.orders.by_code(at.code)
            return at, [Hint(_ask(order) if order else not_yours(at.code))]


def _ask(order: OrderView) -> Say:
    return say(
        "Order %(code)s (%(lines)s, %(total)s) has not left yet. Shall I cancel it?",
        code=order.code,
        lines=order.lines,
        total=Money(order.total_vnd),
        choices=[
            choice("yes", say("Cancel the order"), words=("hủy", "huỷ", "thôi", "hủy đơn này", "huỷ đơn này")),
            choice("no", say("Keep it"), words=("giữ", "lại")),
        ],
        weighty=True,
    )


def _told(order: OrderView) -> Say:
    choices = [choice("mine.cancel", say("Cancel the order"), order.code)] if order.status in CAN_CANCEL else []
    choices.append(choice("person.call", say("Talk to a person")))
    if order.expected_on is None or order.status in {"delivered", "cancelled"}:
        told = say(
            "Order %(code)s: %(lines)s, %(total)s – %(status)s.",
            code=order.code,
            lines=order.lines,
            total=Money(order.total_vnd),
            status=_status(order),
            choices=choices,
        )
    else:
        told = say(
            "Order %(code)s: %(lines)s, %(total)s – %(status)s, expected on %(day)s.",
            code=order.code,
            lines=order.lines,
            total=Money(order.total_vnd),
            status=_status(order),
            day=Day(order.expected_on, "weekday"),
            choices=choices,
        )
    return replace(told, receipt=order.receipt)


def _status(order: OrderView) -> Word:
    return STATUS[order.status]


def _too_late(code: str, status: str, ports: Ports) -> Say:
    if status == "cancelled":
        return say("Order %(code)s is cancelled already.", code=code, choices=[choice("mine.show", say("My orders"))])
    return say(
        "Order %(code)s is %(status)s, so I cannot cancel it myself. Shall I ask %(clerk)s?",
        code=code,
        status=STATUS[status],
        clerk=ports.me.clerk,
        choices=[choice("person.call", say("Ask her")), choice("mine.order", say("Leave it"), code)],
    )


def not_yours(code: str) -> Say:
    return say(
        "I do not find an order %(code)s of yours. Orders are shown only where they were placed.",
        code=code,
        choices=[choice("mine.show", say("My orders")), choice("person.call", say("Talk to a person"))],
    )
