"""What the clock looks after on the platforms: subscriptions, grants, packages, templates. On both databases."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.conversation import Conversation
from bot.reply import Reason
from bot.run.grants import Grants
from bot.run.tend import Tender
from catalog.account import Account, ensure_account, keep_pair, pause, token_of
from catalog.audit import Audit
from catalog.case import Case, close_case, note_of, open_cases
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.template import keep_template, template_for, templates_of
from handlers.channels.messenger.client import FIELDS, MessengerClient
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import ZaloOAuth
from tests.simulators.graph import Behaviour as GraphBehaviour
from tests.simulators.graph import Graph
from tests.simulators.graph import Mode as GraphMode
from tests.simulators.graph_fields import Refused as GraphRefused
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_world import App, Oa, Package
from tests.simulators.zalo_zbs_template import Parameter, Template

APP, OA, OTHER_OA = "3608465249400000001", "388613280878808645", "388613280878808646"
PAGE, OTHER_PAGE = "112233445566778", "112233445566779"
PAGE_TOKEN, OTHER_TOKEN = "EAAsecretPageToken1234567890", "EAAsecretPageToken0987654321"
WANTED = frozenset(FIELDS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(tokens={PAGE: PAGE_TOKEN, OTHER_PAGE: OTHER_TOKEN}, app_secret="s") as running:
        yield running


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    oas = [Oa(OA, APP, "oa-secret", name="HTX Suối Mây"), Oa(OTHER_OA, APP, "oa-secret", name="HTX Ea Tu")]
    with Zalo(apps=[App(APP, "app-secret")], oas=oas, clock=clock) as running:
        yield running


@pytest.fixture
def tender(database: Database, graph: Graph, zalo: Zalo, clock: Clock) -> Iterator[Tender]:
    pages = MessengerClient(graph.url, "v25.0", "s", timeouts=(1.0, 1.0))
    oas = ZaloClient(zalo.url, zalo.url, "app-secret", timeouts=(1.0, 1.0), now=clock)
    oauth = ZaloOAuth(zalo.url, APP, "app-secret", timeouts=(1.0, 1.0))
    yield Tender(database, pages, oas, Grants(database, oauth, clock, "clock"), clock)
    for client in (pages, oas, oauth):
        client.close()


@pytest.fixture
def home(database: Database) -> int:
    with database.writing() as db:
        coop = Organisation(kind="coop", code="SM", name="HTX Nông sản Suối Mây", short_name="HTX Suối Mây")
        db.add(coop)
        db.flush()
        return coop.id


@pytest.fixture
def page(database: Database, home: int) -> int:
    with database.writing() as db:
        return ensure_account(db, "messenger", PAGE, home, PAGE_TOKEN).id


@pytest.fixture
def oa(database: Database, home: int, zalo: Zalo) -> int:
    return connected(database, home, zalo, OA)


def connected(database: Database, home: int, zalo: Zalo, oa_id: str) -> int:
    pair = zalo.grant(oa_id)
    with database.writing() as db:
        account = ensure_account(db, "zalo", oa_id, home, None)
        keep_pair(db, account, pair.access_token, pair.refresh_token, zalo.clock() + timedelta(hours=25))
        return account.id


def account_of(database: Database, account_id: int) -> Account:
    with database.reading() as db:
        return db.get_one(Account, account_id)


def why_paused(database: Database, account_id: int) -> str | None:
    account = account_of(database, account_id)
    return account.pause_reason if account.paused_at else None


def subjects(database: Database) -> list[str]:
    with database.reading() as db:
        return [case.subject for case in open_cases(db)]


def later(tender: Tender, clock: Clock, **span: float) -> list[str]:
    """What is done after that time."""
    clock.advance(**span)
    return tender.due(clock())


# When


def test_all_is_looked_at_at_the_start_and_then_each_at_its_own_pace(tender: Tender, clock: Clock) -> None:
    assert tender.due(clock()) == ["subscriptions", "page profiles", "page templates", "grants", "OAs"]
    assert tender.due(clock()) == []
    done = [name for _ in range(12) for name in later(tender, clock, minutes=5)]
    assert {name: done.count(name) for name in set(done)} == {
        "subscriptions": 12,
        "grants": 2,
        "page templates": 1,
        "OAs": 1,
    }


def test_a_channel_that_is_off_is_left_alone(database: Database, page: int, oa: int, clock: Clock) -> None:
    off = Tender(database, None, None, Grants(database, ZaloOAuth("http://127.0.0.1:1", "", ""), clock, "x"), clock)
    assert off.due(clock()) == []
    assert off.mended == 0


# Subscriptions


def test_a_page_that_lost_its_subscription_gets_it_back(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    tender.due(clock())
    assert graph.page(PAGE).fields == WANTED
    graph.unsubscribe(PAGE)
    later(tender, clock, minutes=5)
    assert graph.page(PAGE).fields == WANTED
    assert tender.mended == 2
    with database.reading() as db:
        assert db.scalars(select(Audit.subject).where(Audit.what == "subscribe")).all() == [f"account:{page}"] * 2
    assert account_of(database, page).tended_at == clock()
    assert subjects(database) == []


def test_a_page_with_all_fields_is_not_touched(tender: Tender, graph: Graph, page: int, clock: Clock) -> None:
    spelt = (WANTED - {"message_template_status_update"}) | {"messenger_template_status_update", "feed"}
    graph.page(PAGE).fields = frozenset(spelt)
    tender.due(clock())
    assert graph.page(PAGE).fields == spelt
    assert tender.mended == 0


def test_a_page_without_get_started_gets_it_with_greeting_and_menu_once(
    tender: Tender, graph: Graph, page: int, clock: Clock
) -> None:
    tender.due(clock())
    profile = graph.page(PAGE).profile
    assert set(profile) >= {"get_started", "greeting", "persistent_menu"}

    profile["greeting"] = [{"locale": "default", "text": "what the co-op wrote itself"}]
    later(tender, clock, hours=7)
    assert graph.page(PAGE).profile["greeting"][0]["text"] == "what the co-op wrote itself"


def test_a_field_that_a_page_never_gives_is_asked_for_once(
    database: Database, page: int, clock: Clock, zalo: Zalo
) -> None:
    asked: list[list[str]] = []

    class Stubborn:
        """Says yes and leaves `standby` out."""

        def subscribed_fields(self, page_id: str, token: str, app_id: str = "") -> list[str]:
            return sorted(WANTED - {"standby"}) if asked else []

        def subscribe(self, page_id: str, token: str, fields: object = FIELDS) -> None:
            asked.append(sorted(WANTED))

        def templates(self, page_id: str, token: str) -> dict[str, str]:
            return {}

    tender = Tender(database, Stubborn(), None, Grants(database, ZaloOAuth(zalo.url, "", ""), clock, "x"), clock)
    tender.due(clock())
    later(tender, clock, minutes=5)
    later(tender, clock, minutes=5)
    assert (len(asked), tender.mended) == (1, 1)
    assert subjects(database) == []


def test_a_page_that_cannot_be_subscribed_is_told_once_and_forgotten_when_it_can(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    refusal = GraphRefused(200, "(#200) Requires pages_manage_metadata permission")
    graph.behave(GraphBehaviour(GraphMode.REFUSING, refusal=refusal), edge="subscribed_apps")
    tender.due(clock())
    later(tender, clock, minutes=5)
    assert subjects(database) == [f"messenger {PAGE}: subscription"]
    assert why_paused(database, page) is None  # it may still send
    graph.behave(GraphMode.OK, edge="subscribed_apps")
    later(tender, clock, minutes=5)
    assert subjects(database) == []
    assert graph.page(PAGE).fields == WANTED


def test_a_dead_page_token_pauses_the_page_and_is_told_once(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    graph.kill_token(PAGE, 492)
    for _ in range(3):
        later(tender, clock, minutes=5)
    assert why_paused(database, page) == "token"
    assert subjects(database) == [f"messenger {PAGE}: token"]
    with database.reading() as db:
        words = note_of(db, open_cases(db)[0])
    assert words.startswith(f"Cần khoá mới cho trang Facebook {PAGE}")
    graph.kill_token(PAGE, None)
    later(tender, clock, minutes=5)
    assert why_paused(database, page) is None
    assert subjects(database) == []


def test_what_the_sender_has_told_already_is_not_told_again(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    graph.kill_token(PAGE)
    with database.writing() as db:
        pause(db, page, Reason.TOKEN.value, clock())
    tender.due(clock())
    assert subjects(database) == []


def test_a_page_that_is_paused_for_another_reason_stays_paused(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    with database.writing() as db:
        pause(db, page, Reason.RESTRICTED.value, clock())
    tender.due(clock())
    assert why_paused(database, page) == "restricted"


def test_a_page_that_times_out_keeps_no_other_from_being_mended(
    *, tender: Tender, graph: Graph, database: Database, page: int, home: int, oa: int, clock: Clock
) -> None:
    with database.writing() as db:
        ensure_account(db, "messenger", OTHER_PAGE, home, OTHER_TOKEN)
    graph.behave(GraphBehaviour(GraphMode.SILENCE, seconds=5), page_id=PAGE)
    tender.due(clock())
    assert graph.page(PAGE).fields is None
    assert graph.page(OTHER_PAGE).fields == WANTED
    assert account_of(database, oa).name == "HTX Suối Mây"
    assert subjects(database) == []
    assert why_paused(database, page) is None


def test_no_token_gets_into_the_log(
    *, tender: Tender, graph: Graph, zalo: Zalo, database: Database, page: int, oa: int, clock: Clock
) -> None:
    with database.reading() as db:
        access = str(token_of(db, db.get_one(Account, oa)))
    graph.kill_token(PAGE)
    zalo.revoke(OA)
    with capture_logs() as lines:
        tender.due(clock())
        graph.behave(GraphMode.RESET)
        later(tender, clock, hours=1)
    assert [line["event"] for line in lines].count("account_not_tended") == 5
    assert PAGE_TOKEN not in repr(lines)
    assert access not in repr(lines)


# OAs


def test_an_oa_gets_its_name_and_the_time_of_the_look(
    tender: Tender, database: Database, oa: int, clock: Clock
) -> None:
    tender.due(clock())
    account = account_of(database, oa)
    assert (account.name, account.tended_at, account.paused_at) == ("HTX Suối Mây", clock(), None)


def test_an_access_token_that_died_over_night_is_renewed_on_the_way(
    tender: Tender, zalo: Zalo, database: Database, oa: int, clock: Clock
) -> None:
    zalo.behave(Mode.RESET, times=1, call="/v4/oa/access_token")  # the scan of the grants meets nobody
    clock.advance(hours=26)
    tender.due(clock())
    assert account_of(database, oa).tended_at is None
    later(tender, clock, hours=1)
    assert account_of(database, oa).tended_at == clock()
    assert subjects(database) == []


def test_an_oa_without_a_package_is_found_by_a_call_that_the_package_rules(
    tender: Tender, zalo: Zalo, database: Database, oa: int, clock: Clock
) -> None:
    """`getoa` works without one, so it alone would let every message run into the same wall again."""
    customer_of(database, zalo, oa, clock)
    zalo.oa(OA).package = Package.FREE
    with database.writing() as db:
        pause(db, oa, Reason.PACKAGE.value, clock())  # by the sender, which met -224
    tender.due(clock())
    assert why_paused(database, oa) == "package"
    zalo.oa(OA).package = Package.GROWTH
    later(tender, clock, hours=1)
    assert why_paused(database, oa) is None


def test_a_refused_look_pauses_the_oa_and_is_told_once(
    tender: Tender, zalo: Zalo, database: Database, oa: int, clock: Clock
) -> None:
    zalo.behave(Behaviour(Mode.REFUSING, refusal=Refused(-224)), call="/v2.0/oa/getoa")
    tender.due(clock())
    later(tender, clock, hours=1)
    assert why_paused(database, oa) == "package"
    assert subjects(database) == [f"zalo {OA}: package"]
    zalo.behave(Mode.OK, call="/v2.0/oa/getoa")
    later(tender, clock, hours=1)
    assert why_paused(database, oa) is None
    assert subjects(database) == []


def test_an_unverified_oa_is_told_once_and_forgotten_when_it_is_verified(
    tender: Tender, zalo: Zalo, database: Database, oa: int, clock: Clock
) -> None:
    zalo.oa(OA).verified = False
    tender.due(clock())
    later(tender, clock, hours=1)
    assert subjects(database) == [f"zalo {OA}: unverified"]
    zalo.oa(OA).verified = True
    later(tender, clock, hours=1)
    assert subjects(database) == []


def test_a_lost_grant_is_told_once_by_whoever_meets_it_first(
    tender: Tender, zalo: Zalo, database: Database, oa: int, clock: Clock
) -> None:
    zalo.revoke(OA)
    tender.due(clock())
    for _ in range(6):
        later(tender, clock, hours=5)
    assert why_paused(database, oa) == "token"
    assert subjects(database) == [f"zalo {OA}: token"]
    assert zalo.requests.count(("POST", "/v4/oa/access_token")) == 1
    with database.writing() as db:
        close_case(db, db.scalars(select(Case.id)).one(), clock())
    later(tender, clock, hours=5)
    assert subjects(database) == []


def test_an_oa_that_hangs_keeps_no_other_from_being_looked_at(
    *, tender: Tender, zalo: Zalo, database: Database, home: int, oa: int, clock: Clock
) -> None:
    other = connected(database, home, zalo, OTHER_OA)
    zalo.behave(Behaviour(Mode.SILENCE, seconds=5), oa_id=OA)
    tender.due(clock())
    assert account_of(database, oa).tended_at is None
    assert account_of(database, other).tended_at == clock()


def customer_of(database: Database, zalo: Zalo, account_id: int, clock: Clock) -> None:
    user_id = zalo.phone(OA, "Hà", "84905000111").user.user_id
    with database.writing() as db:
        talk = Conversation(account_id=account_id, address=user_id, memory=b"", created_at=clock(), heard_at=clock())
        db.add(talk)


# Templates


def test_a_page_template_is_known_by_its_new_status(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    client = MessengerClient(graph.url, "v25.0", "s")
    graph.review = "PENDING"
    client.create_template(PAGE, PAGE_TOKEN, "order_new", "Đơn {{code}} mới của nhà mình.", {"code": "DH2A3C"})
    client.close()
    with database.writing() as db:
        keep_template(db, page, "order_new", "order_new", parameters="code", status="PENDING")
    tender.due(clock())
    with database.reading() as db:
        assert template_for(db, page, "order_new") is None
    graph.page(PAGE).templates["order_new", "vi"].status = "APPROVED"
    later(tender, clock, hours=1)
    with database.reading() as db:
        kept = template_for(db, page, "order_new")
        assert kept is not None
        assert kept.status == "APPROVED"


def test_a_zbs_template_is_known_by_its_new_status_and_one_that_is_gone_hides_no_other(
    tender: Tender, zalo: Zalo, database: Database, oa: int, clock: Clock
) -> None:
    template = Template("12345", "Đơn mới", "Đơn <code> mới.", (Parameter("code", "CODE"),))
    zalo.oa(OA).templates["12345"] = template
    with database.writing() as db:
        keep_template(db, oa, "order_cancelled", "99999", parameters="code", status="APPROVED")
        keep_template(db, oa, "order_new", "12345", parameters="code", status="PENDING_REVIEW")
    tender.due(clock())
    with database.reading() as db:
        assert [(one.external_id, one.status) for one in templates_of(db, oa)] == [
            ("99999", "APPROVED"),
            ("12345", "APPROVED"),
        ]


# Life


def test_a_database_that_is_gone_for_a_while_ends_nothing(
    tender: Tender, graph: Graph, database: Database, page: int, clock: Clock
) -> None:
    def gone(*_args: object) -> None:
        raise OperationalError("BEGIN", {}, Exception("gone"))

    event.listen(database.engine, "begin", gone)
    assert "subscriptions" in tender.due(clock())
    event.remove(database.engine, "begin", gone)
    later(tender, clock, minutes=5)
    assert graph.page(PAGE).fields == WANTED


def test_it_runs_until_it_is_told_to_stop_and_a_platform_that_hangs_delays_nothing_else(
    tender: Tender, graph: Graph, database: Database, page: int, oa: int
) -> None:
    graph.behave(GraphBehaviour(GraphMode.SILENCE, seconds=30))
    stopping, named = threading.Event(), threading.Event()

    def watch() -> None:
        while not stopping.is_set():
            if account_of(database, oa).name:
                named.set()
                return
            stopping.wait(0.02)

    running = threading.Thread(target=tender.run_forever, args=(stopping,))
    watching = threading.Thread(target=watch)
    running.start()
    watching.start()
    assert named.wait(10)
    stopping.set()
    running.join(10)
    watching.join(10)
    assert not running.is_alive()
    with database.reading() as db:
        assert db.scalar(select(func.count(Case.id))) == 0
