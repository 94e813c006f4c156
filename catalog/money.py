"""What goods cost and weigh: the cart that she is shown and the order that she places add up alike."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal


def worth(price_vnd: int, quantity: Decimal) -> int:
    """`quantity` units at `price_vnd` each; half a đồng goes to the even one, as in the cart that she was shown."""
    return int((price_vnd * quantity).quantize(Decimal(1)))


def grams(lines: Iterable[tuple[int, Decimal]]) -> int:
    """What a parcel weighs, of (grams of one unit, how many); rounded up once, for the whole of it."""
    weight_g = sum((unit_g * quantity for unit_g, quantity in lines), Decimal(0))
    return int(weight_g.to_integral_value(ROUND_CEILING))
