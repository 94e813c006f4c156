"""What waits by the wall clock, when that is put back: nothing waits longer than the longest pause that there is."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.event import Tap, Text
from bot.reply import SendError
from bot.run.grants import Grants
from bot.run.tend import Tender
from catalog.account import ensure_account, keep_pair
from catalog.db import Database
from handlers.channels.messenger.client import MessengerClient
from handlers.channels.zalo.oauth import ZaloOAuth
from tests.simulators.graph import Graph
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_faults import Mode
from tests.simulators.zalo_world import App, Oa
from tests.unit.toys import ToyShop

APP, OA, PAGE, TOKEN = "3608465249400000001", "388613280878808645", "112233445566778", "EAAsecretPageToken1234567890"


@pytest.fixture
def toys(database: Database) -> ToyShop:
    shop = ToyShop(database)
    shop.acquaint()
    return shop


def test_a_turn_that_failed_before_the_clock_was_put_back_is_tried_again_within_a_minute(toys: ToyShop) -> None:
    """And what she wrote behind it does not wait for an hour either."""
    toys.hears(Tap("0:count.start:"))
    toys.hears("break")
    toys.now -= timedelta(hours=1)
    toys.receives(Text("?"))
    for _ in range(5):
        toys.now += timedelta(minutes=1)
        toys.answers()

    assert [(row.tries, row.done_at is not None) for row in toys.rows()[-2:]] == [(5, True), (0, True)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with Zalo(apps=[App(APP, "app-secret")], oas=[Oa(OA, APP, "oa-secret")], clock=clock) as running:
        yield running


@pytest.fixture
def grants(database: Database, zalo: Zalo, clock: Clock) -> Iterator[Grants]:
    oauth = ZaloOAuth(zalo.url, APP, "app-secret", timeouts=(1.0, 1.0))
    yield Grants(database, oauth, clock, "here", wait=lambda seconds: clock.advance(seconds=seconds))
    oauth.close()


@pytest.fixture
def oa(toys: ToyShop, zalo: Zalo, clock: Clock) -> int:
    """Its id with us; its pair is an hour old."""
    pair = zalo.grant(OA)
    with toys.database.writing() as db:
        account = ensure_account(db, "zalo", OA, 1, None)
        keep_pair(db, account, pair.access_token, pair.refresh_token, clock() + timedelta(hours=24))
        return account.id


def test_a_refresh_that_was_not_heard_before_the_clock_was_put_back_is_tried_again_in_half_an_hour(
    grants: Grants, zalo: Zalo, oa: int, clock: Clock
) -> None:
    """Half an hour is the longest pause between two tries."""
    zalo.behave(Mode.RESET, times=1, call="/v4/oa/access_token")
    with pytest.raises(SendError):
        grants.renew(oa, grants.token(oa))
    clock.advance(minutes=30 - 60)

    assert grants.renew(oa, grants.token(oa))
    assert zalo.plans.calls == {Mode.RESET: 1, Mode.OK: 1}


def test_a_token_that_was_read_before_the_clock_was_put_back_is_read_anew(
    grants: Grants, toys: ToyShop, oa: int, clock: Clock
) -> None:
    grants.token(oa)
    with toys.database.writing() as db:
        account = ensure_account(db, "zalo", OA, 1, None)
        keep_pair(db, account, "another", None, clock() + timedelta(hours=24))
    clock.advance(hours=-1)

    assert grants.token(oa) == "another"


def test_accounts_are_looked_at_again_soon_after_a_clock_a_day_ahead_was_put_right(
    database: Database, toys: ToyShop, grants: Grants, clock: Clock
) -> None:
    with toys.database.writing() as db:
        ensure_account(db, "messenger", PAGE, 1, TOKEN)
    with Graph(tokens={PAGE: TOKEN}, app_secret="s") as graph:
        client = MessengerClient(graph.url, "v25.0", "s")
        tender = Tender(database, client, None, grants, clock)
        assert "subscriptions" in tender.due(clock() + timedelta(days=1))
        assert "subscriptions" in tender.due(clock() + timedelta(minutes=10))
        client.close()
