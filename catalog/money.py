"""What an amount of goods costs, in whole đồng."""

from decimal import Decimal


def worth(price_vnd: int, quantity: Decimal) -> int:
    """`quantity` units at `price_vnd` each; half a đồng goes to the even one, as in the cart that she was shown."""
    return int((price_vnd * quantity).quantize(Decimal(1)))
