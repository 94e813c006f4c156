"""Shops for the transcripts: the real world of the roof with a still clock, and a phone of each kind."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.engine import World
from bot.inbox import Door
from bot.run.couriers import MessengerCourier, Tokens
from bot.run.roof import make_world
from bot.run.settings import Settings
from catalog.db import Database
from catalog.order import CODE_LETTERS
from handlers.channels.messenger.client import MessengerClient
from tests.conftest import NOW, SECRET
from tests.simulators.graph import Graph
from tests.transcripts.events import Play
from tests.transcripts.phones import ConsolePhone, MessengerPhone, Phone, WebPhone
from tests.transcripts.shop import Clock, Shop

APP_SECRET = "the secret of an app that there is not"
PAGES = {"SM": "104857600000001", "LM": "104857600000002"}

OpenShop = Callable[[str, Database, Callable[[Clock], World]], Shop]


@pytest.fixture(scope="session")
def graph() -> Iterator[Graph]:
    with Graph(app_secret=APP_SECRET) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def client(graph: Graph) -> Iterator[MessengerClient]:
    sender = MessengerClient(graph.url, "v25.0", APP_SECRET)
    yield sender
    sender.close()


@pytest.fixture(scope="session")
def open_shop(graph: Graph, client: MessengerClient) -> OpenShop:
    """Gives a shop on a channel, over a database, in a world that is made for the shop's clock."""
    numbers = itertools.count(7_012_345_678_901_000)

    def shop(channel: str, database: Database, world: Callable[[Clock], World]) -> Shop:
        address = str(next(numbers))
        courier = MessengerCourier(client, Tokens(database))

        def phone(door: Door, clock: Clock, organisation: str) -> Phone:
            match channel:
                case "messenger":
                    page = PAGES[organisation]
                    return MessengerPhone(
                        database, door, clock.now, page, address, secret=APP_SECRET, graph=graph, courier=courier
                    )
                case "web":
                    return WebPhone(database, door, clock.now, organisation, address)
                case _:
                    return ConsolePhone(database, door, clock.now, organisation, address)

        clock = Clock(NOW)
        return Shop(database, world(clock), clock, phone)

    return shop


@pytest.fixture
def demo_play(open_shop: OpenShop, demo: Database, channel: str, tmp_path: Path) -> Play:
    """A play in the demo's shop. Order codes are those that the script names, then DH2222, DH2223, …"""
    settings = Settings.read({"VAR_DIR": str(tmp_path), "DATABASE_URL": demo.url, "SECRET_KEY": SECRET})
    codes: list[str] = []
    others = ("DH" + "".join(letters) for letters in itertools.product(CODE_LETTERS, repeat=4))

    def world(clock: Clock) -> World:
        return make_world(settings, clock.now, lambda: codes.pop(0) if codes else next(others))

    return Play(open_shop(channel, demo, world), codes)
