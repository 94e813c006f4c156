"""An order as Messenger's own receipt. Source: "send-messages/template/receipt"."""

from collections.abc import Mapping
from typing import Any

from bot.reply import Bought, Receipt
from handlers.fit import shorten

MAX_LINES = 100
MAX_LINE = 80  # the page names no limit; a generic template's lines have this one


def receipt(order: Receipt) -> dict[str, Any] | None:
    """The `attachment` of a message; None where a field that must be there would be blank.

    Without an address: that may only go with a post code, for which we never ask.
    """
    required = {
        "recipient_name": order.recipient.strip(),
        "order_number": order.order_code.strip(),
        "payment_method": order.payment.strip(),
    }
    if not all(required.values()):
        return None
    payload: dict[str, Any] = {
        "template_type": "receipt",
        **required,
        "currency": "VND",
        "timestamp": str(int(order.at.timestamp())),
        "summary": {"subtotal": order.subtotal_vnd, "shipping_cost": order.fee_vnd, "total_cost": order.total_vnd},
    }
    if order.seller.strip():
        payload["merchant_name"] = order.seller.strip()
    lines = [_line(line) for line in _at_most(order.lines) if line.title.strip()]
    if lines:
        payload["elements"] = lines
    return {"type": "template", "payload": payload}


def _at_most(lines: tuple[Bought, ...]) -> tuple[Bought, ...]:
    """What is too much stands on one last line, so that the lines still make up the sum."""
    if len(lines) <= MAX_LINES:
        return lines
    rest = lines[MAX_LINES - 1 :]
    return (*lines[: MAX_LINES - 1], Bought("…", "", sum(line.price_vnd for line in rest)))


def _line(line: Bought) -> dict[str, Any]:
    """The amount is words (`2,5 kg`): the template's own quantity is a bare number."""
    element: dict[str, Any] = {
        "title": shorten(line.title.strip(), MAX_LINE),
        "price": line.price_vnd,
        "currency": "VND",
    }
    if line.amount.strip():
        element["subtitle"] = shorten(line.amount.strip(), MAX_LINE)
    return element


def is_receipt(message: Mapping[str, Any]) -> bool:
    """Whether a message of ours is one."""
    payload = message.get("attachment", {}).get("payload", {})
    return bool(payload.get("template_type") == "receipt")
