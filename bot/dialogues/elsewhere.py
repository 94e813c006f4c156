"""Whether an answer to an open question is no answer at all, but a wish of its own: then it is read as one."""

from bot.dialogues.lots import keeps_lots
from bot.ports import Ports
from bot.understand import intent
from bot.understand.intent import Intent
from bot.understand.keeping import wish_of_keeper

SURE = 0.9
OF_GOODS = frozenset({"post_stock", "update_stock", "update_price", "order"})
"""Wishes only beside a product: `2 bình` alone is an amount of anything."""
OF_THEIR_OWN = frozenset(
    {
        "cart_edit",
        "checkout",
        "cancel",
        "order_status",
        "stock_query",
        "data_rights",
        "human",
        "print_stamps",
        "stamps_again",
    }
    | {"passport", "lot_diary", "diary"}
)


def wish_elsewhere(words: str, ports: Ports) -> Intent | None:
    """None where it is nothing that we know well enough to leave the question for it."""
    found = wish_of_keeper(words, ports.now.date(), lambda query: _find(query, ports)) if keeps_lots(ports) else None
    if found is None:
        role = "producer" if ports.me.role == "producer" else "customer"
        found = intent.read(words, role, lambda query: _find(query, ports))  # type: ignore[arg-type]
    sure = found.confidence >= SURE
    whole = found.name in OF_THEIR_OWN or (found.name in OF_GOODS and bool(found.slots.get("product")))
    return found if sure and whole else None


def _find(query: str, ports: Ports) -> list[tuple[int, float]]:
    return [(found.goods.id, found.score) for found in ports.shelf.search(query)]
