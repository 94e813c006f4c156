"""Shops for the transcripts: the real world of the roof with a still clock, and a phone of each kind."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.engine import World
from bot.inbox import Door
from bot.permit import Terms
from bot.run.couriers.messenger import MessengerCourier
from bot.run.couriers.pictures import Pictures
from bot.run.couriers.tokens import Tokens
from bot.run.couriers.zalo import ZaloCourier
from bot.run.grants import Grants
from bot.run.roof import make_world
from bot.run.settings import Settings
from catalog.db import Database
from catalog.order import CODE_LETTERS
from handlers.channels.messenger.client import MessengerClient
from handlers.channels.messenger.page import FIELDS
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import ZaloOAuth
from handlers.pages.pictures import picture
from tests.conftest import NOW, SECRET
from tests.simulators.graph import Graph
from tests.simulators.graph_rates import Rates
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_world import App, Echo, Oa, Package, Switches
from tests.transcripts.events import Play
from tests.transcripts.phones import ConsolePhone, MessengerPhone, Phone, WebPhone, ZaloPhone
from tests.transcripts.shop import Clock, Shop

APP_ID = "900000000000001"
APP_SECRET = "the secret of an app that there is not"
MESSENGER_TERMS = Terms(free=timedelta(hours=24))
ZALO_TERMS = Terms(free=timedelta(hours=48))
PAGES = {"SM": "104857600000001", "LM": "104857600000002"}

APP = App("3608465249400000001", "the secret of an app at Zalo that there is not")
OAS = {"SM": "388613280878808645", "LM": "388613280878808646"}
OA_SECRET = "oa-secret-for-tests"

MOST_SHEETS = 9

OpenShop = Callable[[str, Database, Callable[[Clock], World]], Shop]


class Following:
    """The simulators' clock: it follows the shop that is open."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)

    def now(self) -> datetime:
        return self.clock.at


@pytest.fixture(scope="session")
def time() -> Following:
    return Following()


@pytest.fixture(scope="session")
def graph(time: Following) -> Iterator[Graph]:
    with Graph(app_secret=APP_SECRET, strict=True, clock=time.now, default_app=APP_ID, app_id=APP_ID) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def client(graph: Graph) -> Iterator[MessengerClient]:
    sender = MessengerClient(graph.url, "v25.0", APP_SECRET)
    for page in PAGES.values():
        sender.subscribe(page, "a token", FIELDS)
        sender.set_profile(page, "a token", "HTX Suối Mây")
    yield sender
    sender.close()


@pytest.fixture(scope="session")
def zalo(time: Following) -> Iterator[Zalo]:
    oas = [Oa(oa_id, APP.app_id, OA_SECRET, package=Package.WHOLE) for oa_id in OAS.values()]
    with Zalo(apps=[APP], oas=oas, clock=time.now, switches=Switches(echo=Echo.OFF)) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def zalo_client(zalo: Zalo) -> ZaloClient:
    return ZaloClient(zalo.url, zalo.url, APP.secret)


@pytest.fixture(scope="session")
def papers() -> dict[str, bytes]:
    """What is behind the path of a file, for every shop that is opened."""
    return {}


@pytest.fixture(scope="session")
def open_shop(
    *,
    graph: Graph,
    client: MessengerClient,
    zalo: Zalo,
    zalo_client: ZaloClient,
    time: Following,
    papers: dict[str, bytes],
) -> OpenShop:
    """Gives a shop on a channel, over a database, in a world that is made for the shop's clock."""
    numbers = itertools.count(7_012_345_678_901_000)

    def shop(channel: str, database: Database, world: Callable[[Clock], World]) -> Shop:
        address = str(next(numbers))
        pictures = Pictures(database, picture, lambda: NOW)

        def phone(door: Door, clock: Clock, organisation: str) -> Phone:
            match channel:
                case "messenger":
                    page = PAGES[organisation]
                    courier = MessengerCourier(
                        client, database, Tokens(database), pictures, MESSENGER_TERMS, documents=papers.get
                    )
                    return MessengerPhone(
                        database, door, clock.now, page, address, secret=APP_SECRET, graph=graph, courier=courier
                    )
                case "zalo":
                    oa_id = OAS[organisation]
                    oauth = ZaloOAuth(zalo.url, APP.app_id, APP.secret)
                    grants = Grants(database, oauth, clock.now, "transcripts")
                    oa_courier = ZaloCourier(
                        zalo_client, database, grants, pictures, ZALO_TERMS, None, documents=papers.get
                    )
                    return ZaloPhone(database, door, clock.now, oa_id, address, zalo=zalo, courier=oa_courier)
                case "web":
                    return WebPhone(database, door, clock.now, organisation, address)
                case _:
                    return ConsolePhone(database, door, clock.now, organisation, address)

        clock = time.clock = Clock(NOW)
        graph.rates = Rates()  # every talk begins at the same second, and no page hears all of them in it
        return Shop(database, world(clock), clock, phone)

    return shop


@pytest.fixture
def sheets(papers: dict[str, bytes]) -> Iterator[None]:
    """Something to be read where the first sheets of stamps are."""
    paths = [f"/sheets/{number}" for number in range(1, MOST_SHEETS + 1)]
    papers.update(dict.fromkeys(paths, b"%PDF-1.4\n%%EOF\n"))
    yield
    for path in paths:
        del papers[path]


@pytest.fixture
def demo_play(open_shop: OpenShop, demo: Database, channel: str, tmp_path: Path, sheets: None) -> Play:
    """A play in the demo's shop. Order codes are those that the script names, then DH2222, DH2223, …"""
    settings = Settings.read({"VAR_DIR": str(tmp_path), "DATABASE_URL": demo.url, "SECRET_KEY": SECRET})
    codes: list[str] = []
    others = ("DH" + "".join(letters) for letters in itertools.product(CODE_LETTERS, repeat=4))

    def world(clock: Clock) -> World:
        return make_world(settings, clock.now, lambda: codes.pop(0) if codes else next(others))

    return Play(open_shop(channel, demo, world), codes)
