"""The receipt template: which fields it must have, and what stands on it. Source: "send-messages/template/receipt"."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.simulators.graph_fields import Refused, listed, record, words

MAX_LINES, MAX_FIELD = 100, 2000
WITHOUT_DECIMALS = {"VND"}
ADDRESS = ("street_1", "city", "postal_code", "state", "country")


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    price: Decimal
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person sees when she opens it. lines: the order is not kept."""

    recipient_name: str
    order_number: str
    currency: str
    payment_method: str
    total: Decimal
    lines: tuple[Line, ...] = ()


def receipt(payload: dict[str, Any]) -> Receipt:
    """Raises Refused with 100."""
    currency = words(payload, "currency", 3)
    if not re.fullmatch("[A-Z]{3}", currency):
        raise Refused(100, "(#100) Param currency must be an ISO 4217 code")
    name, number, method = (
        words(payload, field, MAX_FIELD) for field in ("recipient_name", "order_number", "payment_method")
    )
    summary = record(payload.get("summary"), "summary")
    total = _amount(summary, "total_cost", currency)
    for field in ("subtotal", "shipping_cost", "total_tax"):
        if field in summary:
            _amount(summary, field, currency)
    _check_the_rest(payload, currency)
    return Receipt(name, number, currency, method, total, tuple(_lines(payload, currency)))


def _check_the_rest(payload: dict[str, Any], currency: str) -> None:
    if "address" in payload:
        address = record(payload["address"], "address")
        for field in ADDRESS:
            words(address, field, MAX_FIELD)
        if not re.fullmatch("[A-Z]{2}", address["country"]):
            raise Refused(100, "(#100) Param country must be a two-letter code")
    if not re.fullmatch("[0-9]{1,10}", words(payload, "timestamp", 10, required=False) or "0"):
        raise Refused(100, "(#100) Param timestamp must be a timestamp in seconds")
    for adjustment in listed(payload, "adjustments", MAX_LINES):
        words(record(adjustment, "adjustment"), "name", MAX_FIELD)
        _amount(adjustment, "amount", currency)


def _lines(payload: dict[str, Any], currency: str) -> list[Line]:
    found = []
    for element in listed(payload, "elements", MAX_LINES):
        title = words(record(element, "element"), "title", MAX_FIELD)
        words(element, "subtitle", MAX_FIELD, required=False)
        quantity = _amount(element, "quantity", "") if "quantity" in element else Decimal(1)
        found.append(Line(title, _amount(element, "price", currency), quantity))
    return found


def _amount(holder: dict[str, Any], name: str, currency: str) -> Decimal:
    """A number, or a string with a decimal point. Of a currency without decimals only whole amounts."""
    value = holder.get(name)
    try:
        amount = Decimal(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or (currency in WITHOUT_DECIMALS and amount % 1):
        raise Refused(100, f"(#100) Param {name} must be a number")
    return amount
