"""The replay by which the other tests judge: it comes to the same as one hand did, and names what was tampered with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.outbox import OutboxRow
from catalog.db import Database
from catalog.offer import Offer
from catalog.order import Order
from catalog.product import Product
from catalog.stock import move
from tests.conftest import opened
from tests.trouble.hands import PAGE, Customer, Hand, named, open_page, pressed, settings
from tests.trouble.replay import Row, difference, heard, history, out_of_order, replayed

HANG, LAN = "7012345678000001", "7012345678000002"


@dataclass(slots=True)
class Told:
    """What two customers did to a shop, and an equal shop to which nobody has done anything yet."""

    shop: Database
    fresh: Database
    folder: Path

    def again(self, rows: list[Row] | None = None) -> str:
        """What is different in a replay, of these rows or of all."""
        replay = replayed(heard(self.shop) if rows is None else rows, self.fresh, settings(self.folder))
        return difference(history(self.shop), replay)


@pytest.fixture
def told(today: Callable[[str, str], str], tmp_path: Path, kind: str) -> Iterator[Told]:
    hand = Hand(today(kind, f"told-{tmp_path.name}"), tmp_path)
    open_page(hand.database)
    hang, lan = (Customer(hand, address) for address in (HANG, LAN))
    asked = hang.decides("2 goi mien")
    lan.says("483920176504")
    placed = hang.says(pressed(named(asked)["yes"]))[-1]
    lan.decides("3 kg cam")
    hang.says(pressed(named(placed)["mine.order"]))
    fresh = opened(today("sqlite", f"fresh-{tmp_path.name}"))
    yield Told(hand.database, fresh, tmp_path)
    fresh.close()
    hand.close()


def test_a_replay_of_what_one_hand_did_comes_to_the_very_same(told: Told) -> None:
    """Order codes, memories and stock too; from PostgreSQL to SQLite as well."""
    assert told.again() == ""
    assert out_of_order(told.shop) == []
    with told.shop.reading() as db, told.fresh.reading() as again:
        codes = [list(each.scalars(select(Order.code).where(Order.draft_id.like("m%")))) for each in (db, again)]
    assert codes[0] == codes[1]
    assert len(codes[0]) == 1


def test_a_message_that_had_no_effect_is_named(told: Told) -> None:
    rows = heard(told.shop)

    found = told.again([row for row in rows if row.key != f"calm:{HANG}:1"])

    assert found.startswith(f"messenger {PAGE} {HANG}: heard[0][0] was 'calm:{HANG}:1' in the processes")


def test_a_reply_that_was_promised_twice_or_to_somebody_else_is_named(told: Told) -> None:
    with told.shop.writing() as db:
        last = db.scalars(select(OutboxRow).where(OutboxRow.address == LAN).order_by(OutboxRow.id.desc())).first()
        assert last is not None
        columns = {
            name: getattr(last, name) for name in ("account_id", "channel", "address", "conversation_id", "body")
        }
        first = db.scalars(select(OutboxRow.inbox_id).where(OutboxRow.address == LAN).order_by(OutboxRow.id)).first()
        db.add(OutboxRow(**columns, inbox_id=first, created_at=datetime.now(UTC)))

    assert told.again().startswith(f"messenger {PAGE} {LAN}: said")
    assert len(out_of_order(told.shop)) == 1


def test_goods_that_went_nowhere_and_a_price_that_nobody_set_are_named(told: Told) -> None:
    with told.shop.writing() as db:
        offer = db.scalars(select(Offer).where(Offer.left > 0).order_by(Offer.id)).first()
        assert offer is not None
        move(db, offer.id, -offer.left, "sold", ref="nobody", at=datetime.now(UTC))

    assert told.again().startswith("stock[")

    with told.shop.writing() as db:
        move(db, offer.id, offer.posted, "returned", ref="nobody", at=datetime.now(UTC))
        db.scalars(select(Product).order_by(Product.id)).all()[0].price_vnd += 1

    assert difference(history(told.shop), history(told.fresh)).startswith(("stock[", "moves"))
