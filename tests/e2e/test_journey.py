"""The whole journey over signed webhooks: a customer traces and orders, a producer posts, and each hears of it."""

import subprocess
import sys

import pytest
from sqlalchemy import select

from catalog.offer import Offer
from catalog.order import Order, OrderLine
from tests.e2e.conftest import OpenStage
from tests.e2e.people import Person, Shopper, named
from tests.e2e.stage import PROGRAM, Stage

pytestmark = pytest.mark.e2e

HOME = ["Hằng 0912 345 678", "số 5 ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội"]


def invitation(stage: Stage, producer: str) -> str:
    """What `chophien invite` prints: 12 digits."""
    printed = subprocess.run(
        [sys.executable, "-c", PROGRAM, "invite", producer],
        cwd=stage.folder,
        env=stage.environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return printed.splitlines()[0]


def test_a_customer_traces_and_orders_and_the_producer_posts(open_stage: OpenStage, kind: str) -> None:
    stage = open_stage(kind, patient=True)
    lan = Shopper(stage, "7012345678900001", HOME)
    men = Person(stage, "7012345678900002")

    assert "Bùi Thị Mến" in men.says(invitation(stage, "NSX-017")).text or men.take_in() is not None
    lan.follow("t-483920176504")
    stamp = lan.next()
    assert "4839 2017 6504" in stamp.text
    assert "Bùi Thị Mến" in stamp.text
    assert "cắt quả" in lan.says("1").text

    code = lan.buys("2kg cam")
    heard = men.next()
    assert "2 kg" in heard.text

    posted = men.says("mai co 50 can cam 25 nghin")
    men.tap(named(posted)["yes"])
    men.next()

    with stage.database.reading() as db:
        order = db.scalars(select(Order).where(Order.code == code)).one()
        line = db.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        newest = db.scalars(select(Offer).order_by(Offer.id.desc()).limit(1)).one()
        assert (line.quantity, line.price_vnd, order.way, order.total_vnd) == (2, 28_000, "delivery", 86_000)
        assert (newest.posted, newest.left, newest.price_vnd) == (50, 50, 25_000)
