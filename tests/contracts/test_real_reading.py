"""What only the real reading has to promise: little work, fresh stock, a whole Alliance, and the demo's producer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from catalog.account import account_by, ensure_account
from catalog.db import Database
from catalog.organisation import organisation_by_code
from catalog.product import Product
from tests.conftest import NOW
from tests.contracts.towns import RealTown


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@contextmanager
def counted(db: Session) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(db.connection(), "before_cursor_execute", keep)
    yield sent
    event.remove(db.connection(), "before_cursor_execute", keep)


def test_a_stamp_is_read_in_five_statements_and_nothing_before_it_is_asked_for(town: RealTown) -> None:
    talk = town.talk("v1")
    with counted(town.db) as sent:
        ports = talk.ports
        assert sent == []
        stamp = ports.book.stamp("483920176504")
        assert (stamp is not None, ports.me.coop, len(sent)) == (True, "HTX Suối Mây", 5)
        assert ports.me is ports.me
        assert len(sent) == 5


def test_whom_we_know_well_costs_one_statement_too(town: RealTown) -> None:
    talk = town.talk_of("v1", "NSX-017")
    with counted(town.db) as sent:
        assert talk.ports.me.role == "producer"
        assert len(sent) == 1


def test_a_renamed_product_is_found_at_once_by_its_new_name_alone(town: RealTown) -> None:
    talk = town.talk("v1")
    assert talk.ports.shelf.search("miến dong")[0].goods.emoji == "🍜"
    noodles = town.db.scalars(select(Product).where(Product.sku == "MIEN")).one()
    noodles.name_vi = noodles.label_vi = noodles.short_vi = "Hủ tiếu"
    noodles.aliases = []
    town.db.flush()
    assert talk.ports.shelf.search("hu tieu")[0].goods.name == "Hủ tiếu"
    assert all(found.goods.name != "Hủ tiếu" for found in talk.ports.shelf.search("miến dong"))


def test_an_alliance_shows_the_goods_of_all_its_co_ops(demo: Database) -> None:
    with demo.writing() as db:
        shelf = RealTown(db, NOW, code="LM").talk("v1").ports.shelf
        sellers = {one.seller for one in shelf.on_sale()}
        assert {"HTX Suối Mây", "HTX Tài Hoan"} <= sellers
        assert len(sellers) > 20
        honeys = {found.goods.seller for found in shelf.search("mật ong")}
        assert len(honeys) > 1


def test_a_co_op_does_not_show_the_goods_of_others_and_answers_their_stamps(town: RealTown) -> None:
    theirs = town.db.scalars(select(Product).where(Product.sku == "BKA-MI-01")).one()
    shelf = town.talk("v1").ports.shelf
    assert shelf.get(theirs.id) is None
    assert {one.seller for one in shelf.on_sale()} == {"HTX Suối Mây"}


def test_a_visitor_of_the_demo_may_speak_as_its_producer(town: RealTown) -> None:
    talk = town.talk("visitor.p")
    assert (talk.ports.me.role, talk.ports.me.name) == ("producer", "Mến")
    assert town.talk("visitor").ports.me.role == "customer"


def test_outside_the_demo_nobody_becomes_a_producer_by_an_address(town: RealTown) -> None:
    coop = organisation_by_code(town.db, "SM")
    assert coop is not None
    coop.demo = False
    town.db.flush()
    me = town.talk("visitor.p").ports.me
    assert (me.role, me.person_id, me.demo) == ("customer", None, False)


def test_on_other_channels_an_address_means_nothing(demo: Database) -> None:
    with demo.writing() as db:
        home = account_by(db, "web", "SM")
        assert home is not None
        ensure_account(db, "messenger", "SM", home.organisation_id, None)
        assert RealTown(db, NOW, channel="messenger").talk("stranger.p").ports.me.role == "customer"
        assert RealTown(db, NOW, channel="console").talk("visitor.p").ports.me.role == "producer"
