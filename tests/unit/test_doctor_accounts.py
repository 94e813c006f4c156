"""What the doctor says of pages, OAs and bots, asked against stand-ins of their platforms. On both databases."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.reply import Reason, SendError
from bot.run.doctor_finding import Asker, Finding
from bot.run.doctor_messenger import messenger
from bot.run.doctor_zalo import verifier_at, zalo
from bot.run.doctor_zalobot import zalobot
from bot.run.settings import Settings
from catalog.account import Account, ensure_account, keep_pair, note_lost, pause
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.template import keep_template
from catalog.vault import Vault
from handlers.channels.messenger.client import FIELDS
from tests.conftest import NOW, SECRET
from tests.simulators.graph import Behaviour as GraphBehaviour
from tests.simulators.graph import Graph
from tests.simulators.graph import Mode as GraphMode
from tests.simulators.graph_fields import Refused as GraphRefused
from tests.simulators.server import Answer, Loopback, Request
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_world import App, Oa, Package
from tests.simulators.zalobot import ZaloBot

APP, OA, PAGE = "3608465249400000001", "388613280878808645", "112233445566778"
TOKEN, BOT_TOKEN, BOT_SECRET = "EAAsecretPageToken1234567890", "1234567:secretBotToken", "a secret of the bot"
SITE = "https://suoimay.example"
ADD_PAGE, ADD_OA, ADD_BOT = (f"chophien account add {one}" for one in ("messenger", "zalo --consent", "zalobot"))


@pytest.fixture
def home(database: Database) -> int:
    with database.writing() as db:
        coop = Organisation(kind="coop", code="SM", name="HTX Nông sản Suối Mây", short_name="HTX Suối Mây")
        db.add(coop)
        db.flush()
        return coop.id


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(tokens={PAGE: TOKEN}, app_secret="app-secret") as running:
        running.page(PAGE).fields = frozenset(FIELDS)
        running.page(PAGE).profile = {"get_started": {"payload": "x"}}
        yield running


@pytest.fixture
def platform() -> Iterator[Zalo]:
    oa = Oa(OA, APP, "oa-secret", name="HTX Suối Mây")
    with Zalo(apps=[App(APP, "app-secret")], oas=[oa], clock=Clock(NOW)) as running:
        yield running


@pytest.fixture
def bots() -> Iterator[ZaloBot]:
    with ZaloBot(clock=Clock(NOW)) as running:
        bot = running.bot(BOT_TOKEN)
        bot.webhook, bot.secret = f"{SITE}/webhooks/zalobot", BOT_SECRET
        yield running


@pytest.fixture
def page(database: Database, home: int) -> int:
    with database.writing() as db:
        account = ensure_account(db, "messenger", PAGE, home, TOKEN)
        account.name = "HTX Suối\x1b[31m Mây"
        return account.id


@pytest.fixture
def oa(database: Database, home: int, platform: Zalo) -> int:
    pair = platform.grant(OA)
    with database.writing() as db:
        account = ensure_account(db, "zalo", OA, home, None)
        keep_pair(db, account, pair.access_token, pair.refresh_token, NOW + timedelta(hours=25))
        return account.id


@pytest.fixture
def bot(database: Database, home: int) -> int:
    with database.writing() as db:
        return ensure_account(db, "zalobot", "1234567", home, BOT_TOKEN).id


def settings_in(folder: Path, database: Database, **environ: str) -> Settings:
    given = {"VAR_DIR": str(folder), "DATABASE_URL": database.url, "SECRET_KEY": SECRET, "PUBLIC_URL": SITE}
    return Settings.read({**given, **environ})


def brief(found: list[Finding]) -> list[tuple[str, str]]:
    """State and words; none of them may tell a secret, and those that are not fine say what to do."""
    for one in found:
        whole = f"{one.about}{one.words}{one.mend}"
        assert not [secret for secret in (TOKEN, BOT_TOKEN, BOT_SECRET, "app-secret", "oa-secret") if secret in whole]
        assert whole.isprintable()
        assert bool(one.mend) == (one.state != "fine")
    return [(one.state, one.words) for one in found]


# Pages


@pytest.fixture
def facebook(database: Database, graph: Graph, tmp_path: Path) -> Settings:
    return settings_in(
        tmp_path,
        database,
        MESSENGER_API_URL=graph.url,
        MESSENGER_APP_ID=graph.app_id,
        MESSENGER_APP_SECRET="app-secret",
        MESSENGER_VERIFY_TOKEN="verify",
    )


def of_pages(settings: Settings, database: Database) -> list[tuple[str, str]]:
    """Without the line of the settings, where they are complete."""
    first, *others = messenger(settings, database)
    assert first == Finding("fine", "Messenger", "settings are complete")
    return brief(others)


def test_a_page_that_is_well_is_one_line(facebook: Settings, database: Database, page: int) -> None:
    _, found = messenger(facebook, database)
    assert found.about == f"Messenger {PAGE} (HTX Suối [31m Mây)"
    assert brief([found]) == [
        (
            "fine",
            "sends, up to 24 hours after their last words; its events come, Get Started is set; no templates for late "
            "news; token without an end",
        )
    ]


def test_messengers_settings_say_what_is_missing(database: Database, tmp_path: Path) -> None:
    app = {"MESSENGER_APP_ID": "9", "MESSENGER_APP_SECRET": "app-secret", "MESSENGER_VERIFY_TOKEN": "verify"}
    half = {"MESSENGER_APP_SECRET": "app-secret"}
    given = {**app, "MESSENGER_PAGE_ID": PAGE, "MESSENGER_PAGE_TOKEN": TOKEN}
    told = [brief(list(messenger(settings_in(tmp_path, database, **one), database))) for one in ({}, half, app, given)]
    assert told == [
        [("fine", "off")],
        [
            (
                "broken",
                "incomplete: MESSENGER_VERIFY_TOKEN, MESSENGER_PAGE_ID, MESSENGER_PAGE_TOKEN missing",
            )
        ],
        [("broken", "no page is connected")],
        [("look", f"page {PAGE} is not taken in yet")],
    ]


def test_without_the_apps_number_colleagues_are_not_recognised(
    database: Database, graph: Graph, page: int, tmp_path: Path
) -> None:
    settings = settings_in(
        tmp_path,
        database,
        MESSENGER_API_URL=graph.url,
        MESSENGER_APP_SECRET="app-secret",
        MESSENGER_VERIFY_TOKEN="verify",
    )
    first, second = messenger(settings, database)
    assert (first.state, first.words.partition(":")[0]) == ("look", "MESSENGER_APP_ID is not set")
    assert second.state == "fine"


def test_what_a_page_lacks_is_a_line_each(facebook: Settings, graph: Graph, database: Database, page: int) -> None:
    graph.page(PAGE).fields = frozenset(FIELDS) - {"message_edits", "message_template_status_update"}
    graph.page(PAGE).profile = {"ice_breakers": [{"question": "?"}]}
    with database.writing() as db:
        keep_template(db, page, "order_new", "t1", parameters="", status="APPROVED")
        keep_template(db, page, "order_cancelled", "t2", parameters="", status="PENDING")
    assert of_pages(facebook, database) == [
        ("look", "not approved: order_cancelled (PENDING); such news cannot go late"),
        ("look", "does not pass on message_edits, message_template_status_update"),
        ("look", "Get Started is not set: a first visitor has nothing to press"),
        ("look", "it has ice breakers, which take the place of Get Started"),
    ]
    graph.page(PAGE).fields = frozenset({"standby", "messenger_template_status_update"})
    assert of_pages(facebook, database)[1] == (
        "broken",
        "does not pass its messages on to us: the bot hears nothing",
    )


def test_a_paused_page_says_why_and_since_when(facebook: Settings, database: Database, page: int) -> None:
    with database.writing() as db:
        pause(db, page, Reason.RESTRICTED.value, NOW)
    assert of_pages(facebook, database) == [
        (
            "broken",
            "paused since 21/11 09:00: Facebook has restricted the page for breaking a rule. Please open the page's "
            "Support Inbox and follow it.",
        )
    ]


def test_a_dead_token_is_broken_and_a_foreign_one_too(
    facebook: Settings, graph: Graph, database: Database, home: int, page: int
) -> None:
    graph.kill_token(PAGE, 492)
    ((state, words),) = of_pages(facebook, database)
    assert (state, words.startswith("Facebook refuses its token (token 190/492")) == ("broken", True)
    graph.kill_token(PAGE, None)
    with database.writing() as db:
        ensure_account(db, "messenger", "999", home, TOKEN)
    assert of_pages(facebook, database)[1:] == [("broken", f"its token is for the page {PAGE}")]


def test_a_wrong_app_secret_is_asked_about(
    database: Database, graph: Graph, facebook: Settings, page: int, tmp_path: Path
) -> None:
    graph.app_secret = "another"
    *_, found = messenger(facebook, database)
    assert (found.state, found.mend) == ("broken", f"{ADD_PAGE}; is MESSENGER_APP_SECRET that of the token's app?")
    assert found.words.startswith("Facebook refuses the question about its token (shape 100/0")


def test_a_missing_permission_is_named(facebook: Settings, graph: Graph, database: Database, page: int) -> None:
    no = GraphRefused(200, "(#200) Requires pages_manage_metadata permission to manage the object")
    graph.behave(GraphBehaviour(GraphMode.REFUSING, refusal=no), edge="subscribed_apps")
    *_, found = messenger(facebook, database)
    assert (found.state, "pages_manage_metadata" in found.mend) == ("broken", True)


@pytest.mark.parametrize("mode", [GraphMode.ERROR, GraphMode.RESET, GraphMode.HTML, GraphMode.EMPTY, GraphMode.HALF])
def test_a_page_whose_platform_is_ill_is_only_worth_a_look(
    facebook: Settings, graph: Graph, database: Database, page: int, mode: GraphMode
) -> None:
    graph.behave(mode)
    ((state, words),) = of_pages(facebook, database)
    assert (state, words.startswith("Facebook gives no answer that helps about its token (")) == ("look", True)
    assert sum(graph.calls.values()) == 1


def test_a_token_that_cannot_be_read_or_is_not_there_is_told_and_nobody_is_asked(
    facebook: Settings, graph: Graph, database: Database, home: int, page: int
) -> None:
    with database.writing() as db:
        ensure_account(db, "messenger", "999", home, None)
        account = db.get_one(Account, page)
        account.token = Vault(["another key"]).seal(TOKEN.encode())
    assert of_pages(facebook, database) == [
        ("broken", "its token is sealed with another key"),
        ("broken", "it has no token"),
    ]
    assert sum(graph.calls.values()) == 0


# OAs


@pytest.fixture
def open_api(database: Database, platform: Zalo, tmp_path: Path) -> Settings:
    return settings_in(
        tmp_path,
        database,
        PUBLIC_URL="http://127.0.0.1:8000",
        ZALO_API_URL=platform.url,
        ZALO_ZBS_URL=platform.url,
        ZALO_OAUTH_URL=platform.url,
        ZALO_APP_ID=APP,
        ZALO_APP_SECRET="app-secret",
        ZALO_OA_SECRET="oa-secret",
        ZALO_VERIFIER="abc",
    )


def of_oas(settings: Settings, database: Database, hours: float = 0) -> list[tuple[str, str]]:
    """Without settings and domain."""
    first, second, *others = zalo(settings, database, None, NOW + timedelta(hours=hours))
    assert first == Finding("fine", "Zalo", "settings are complete")
    assert (second.state, second.words) == ("look", "Zalo cannot read its file at http://127.0.0.1:8000")
    return brief(others)


def test_an_oa_that_is_well_is_one_line(open_api: Settings, platform: Zalo, database: Database, oa: int) -> None:
    platform.oa(OA).package_until = NOW + timedelta(days=40)
    with database.writing() as db:
        keep_template(db, oa, "order_new", "12345", parameters="", status="APPROVED")
    assert of_oas(open_api, database) == [
        (
            "fine",
            "sends, up to 48 hours after their last words; verified, package Tăng trưởng until 31/12/2026, a ZCA can "
            "pay; templates for late news: order_new; token until 22/11 10:00, renews itself",
        )
    ]


def test_zalos_settings_say_what_is_missing(database: Database, tmp_path: Path) -> None:
    assert list(zalo(settings_in(tmp_path, database), database, None, NOW)) == []
    app = {"ZALO_APP_ID": APP, "ZALO_APP_SECRET": "app-secret"}
    half, domain = zalo(settings_in(tmp_path, database, **app), database, None, NOW)
    assert brief([half]) == [("broken", "incomplete: ZALO_OA_SECRET missing")]
    assert half.mend.endswith("Webhook → OA Secret Key")
    assert brief([domain])[0][1].startswith("ZALO_VERIFIER is not set")
    whole = {**app, "ZALO_OA_SECRET": "oa-secret"}
    none, _ = zalo(settings_in(tmp_path, database, **whole), database, None, NOW)
    assert (none.words, none.mend) == ("no OA is connected", ADD_OA)
    soon, _ = zalo(settings_in(tmp_path, database, **whole, ZALO_OA_ID=OA), database, None, NOW)
    assert (soon.state, soon.words) == ("look", f"the OA {OA} is not taken in yet")


def test_what_an_oa_lacks_is_a_line_each(open_api: Settings, platform: Zalo, database: Database, oa: int) -> None:
    state = platform.oa(OA)
    state.verified, state.zca_linked, state.package_until = False, False, NOW - timedelta(days=1)
    with database.writing() as db:
        keep_template(db, oa, "order_new", "12345", parameters="", status="REJECT")
        pause(db, oa, Reason.PACKAGE.value, NOW)
    found = of_oas(open_api, database)
    assert [words for _, words in found[1:]] == [
        "not approved: order_new (REJECT); such news cannot go late",
        "the OA is not verified: nothing goes out",
        "the package Tăng trưởng ended on 20/11/2026",
        "no Zalo Cloud Account (ZCA) is linked: what costs money cannot go",
    ]
    assert [state for state, _ in found] == ["broken", "look", "broken", "broken", "look"]
    assert found[0][1].startswith("paused since 21/11 09:00: The package of this Zalo OA does not allow")


def test_a_package_that_ends_today_is_good_today(
    open_api: Settings, platform: Zalo, database: Database, oa: int
) -> None:
    platform.oa(OA).package_until = NOW
    assert of_oas(open_api, database) == [("look", "the package Tăng trưởng ends on 21/11/2026")]


def test_a_package_whose_api_may_not_send_is_asked_about(
    open_api: Settings, platform: Zalo, database: Database, oa: int
) -> None:
    platform.oa(OA).package = Package.FREE
    assert of_oas(open_api, database) == [("look", "the package is Dùng thử: does its API send?")]


@pytest.mark.parametrize(
    ("hours", "state", "end"),
    [(21.5, "look", ", renews itself, but nobody has renewed it yet"), (26, "broken", ", but nobody renewed it")],
)
def test_a_token_that_the_clock_should_have_renewed_asks_for_a_clock(
    *, open_api: Settings, platform: Zalo, database: Database, oa: int, hours: float, state: str, end: str
) -> None:
    ((found, words),) = of_oas(open_api, database, hours)
    assert (found, words.startswith("its token: until 22/11 10:00"), words.endswith(end)) == (state, True, True)


def test_a_token_that_cannot_be_renewed_says_so_before_it_is_over(
    open_api: Settings, database: Database, platform: Zalo, oa: int
) -> None:
    with database.writing() as db:
        db.get_one(Account, oa).refresh_token = None
    words = "its token: until 22/11 10:00, cannot be renewed; there is no refresh token"
    assert of_oas(open_api, database) == [("look", words)]
    assert of_oas(open_api, database, 26) == [("broken", words)]


def test_a_lost_grant_and_a_pause_for_it_are_told_once(
    open_api: Settings, database: Database, platform: Zalo, oa: int
) -> None:
    with database.writing() as db:
        account = db.get_one(Account, oa)
        note_lost(db, account, str(platform.grant(OA).refresh_token), NOW)
    assert of_oas(open_api, database)[0][0] == "fine"  # another token than the one that we keep
    with database.writing() as db:
        account = db.get_one(Account, oa)
        keep_pair(db, account, platform.grant(OA).access_token, "lost", NOW + timedelta(hours=25))
        note_lost(db, account, "lost", NOW)
    assert of_oas(open_api, database) == [("broken", "the platform has ended its connection")]
    with database.writing() as db:
        pause(db, oa, Reason.TOKEN.value, NOW)
    ((state, words),) = of_oas(open_api, database)
    assert (state, words.partition(": ")[0]) == ("broken", "paused since 21/11 09:00")


def test_a_refused_token_is_told_and_never_renewed_by_the_doctor(
    open_api: Settings, platform: Zalo, database: Database, oa: int
) -> None:
    platform.behave(Behaviour(Mode.REFUSING, refusal=Refused(-220)), call="/v2.0/oa/getoa")
    assert of_oas(open_api, database) == [("look", "Zalo calls its token expired (expired -220)")]
    platform.behave(Behaviour(Mode.REFUSING, refusal=Refused(-242)), call="/v2.0/oa/getoa")
    *_, found = zalo(open_api, database, None, NOW)
    assert (found.state, "ZALO_APPSECRET_PROOF=yes" in found.mend) == ("broken", True)
    assert {path for _, path in platform.requests} == {"/v2.0/oa/getoa"}


@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.BAD_GATEWAY, Mode.RESET, Mode.TRUNCATED, Mode.EMPTY])
def test_an_oa_whose_platform_is_ill_is_only_worth_a_look(
    open_api: Settings, platform: Zalo, database: Database, oa: int, mode: Mode
) -> None:
    platform.behave(mode)
    ((state, words),) = of_oas(open_api, database)
    assert (state, words.startswith("Zalo ")) == ("look", True)


def test_the_verifiers_file_is_read_where_zalo_reads_it() -> None:
    def answer(request: Request) -> Answer:
        return Answer(200, b"<p>abc</p>") if request.path == "/zalo_verifierabc.html" else Answer(404, b"")

    with Loopback(answer) as server:
        assert verifier_at(f"{server.url}/zalo_verifierabc.html", "abc").state == "fine"
        other = verifier_at(f"{server.url}/zalo_verifierabd.html", "abd")
        assert brief([other]) == [("look", f"{server.url}/zalo_verifierabd.html is not our file (HTTP 404)")]
    gone = verifier_at("https://127.0.0.1:1/x.html", "abc")
    assert brief([gone]) == [("look", "https://127.0.0.1:1/x.html cannot be read from here (ConnectionError)")]


# Bots


@pytest.fixture
def robot(database: Database, bots: ZaloBot, tmp_path: Path) -> Settings:
    return settings_in(tmp_path, database, ZALOBOT_API_URL=bots.url, ZALOBOT_TOKEN=BOT_TOKEN, ZALOBOT_SECRET=BOT_SECRET)


def of_bots(settings: Settings, database: Database) -> list[tuple[str, str]]:
    return brief(list(zalobot(settings, database)))


def test_a_bot_that_is_well_is_one_line(robot: Settings, database: Database, bot: int) -> None:
    assert of_bots(robot, database) == [
        ("fine", "settings are complete"),
        ("fine", "sends, at any time; its webhook leads here"),
    ]


def test_a_bot_whose_webhook_leads_elsewhere_hears_nothing(
    robot: Settings, bots: ZaloBot, database: Database, bot: int
) -> None:
    bots.bot(BOT_TOKEN).webhook = f"https://other.example/{BOT_SECRET}"
    words = f"its webhook leads to other.example, not to {SITE}/webhooks/zalobot"
    assert of_bots(robot, database)[1:] == [("broken", words)]
    bots.bot(BOT_TOKEN).webhook = ""
    assert of_bots(robot, database)[1:] == [("broken", "it has no webhook: the bot hears nothing")]


def test_a_bots_settings_say_what_is_missing(database: Database, home: int, tmp_path: Path) -> None:
    assert of_bots(settings_in(tmp_path, database), database) == []
    assert of_bots(settings_in(tmp_path, database, ZALOBOT_TOKEN=BOT_TOKEN), database) == [
        ("broken", "incomplete: ZALOBOT_SECRET missing, so every delivery is refused")
    ]
    both = settings_in(tmp_path, database, ZALOBOT_TOKEN=BOT_TOKEN, ZALOBOT_SECRET=BOT_SECRET)
    assert of_bots(both, database) == [("look", "the bot 1234567 is not taken in yet")]
    with database.writing() as db:
        ensure_account(db, "zalobot", "7", home, None)
    assert of_bots(both, database) == [
        ("look", "only 1234567 is listened to, not 7"),
        ("broken", "it has no token"),
    ]


def test_a_bot_whose_token_is_refused_is_to_be_added_anew(robot: Settings, database: Database, bot: int) -> None:
    with database.writing() as db:
        ensure_account(db, "zalobot", "1234567", db.scalars(select(Organisation.id)).one(), "1234567:old")
    *_, found = zalobot(robot, database)
    assert (found.state, found.mend) == ("broken", ADD_BOT)


def test_a_bot_whose_platform_is_silent_is_only_worth_a_look(
    robot: Settings, bots: ZaloBot, database: Database, bot: int
) -> None:
    bots.behave(Behaviour(Mode.SILENCE, seconds=30))
    _, (state, words) = of_bots(robot, database)
    assert (state, words) == ("look", "Zalo gives no answer that helps about its webhook (ReadTimeout)")


# Asking


def test_a_call_that_hangs_is_left_behind_and_its_platform_asked_no_more() -> None:
    over, asker, calls = threading.Event(), Asker("Zalo", seconds=0.05), 0

    def hang() -> bool:
        nonlocal calls
        calls += 1
        return over.wait(10)

    for _ in range(2):
        with pytest.raises(SendError) as raised:
            asker.ask(hang)
        assert raised.value.reason is Reason.UNREACHABLE
    over.set()
    assert calls == 1


def test_an_answer_that_our_client_stumbles_over_is_no_crash() -> None:
    with pytest.raises(SendError, match="ZeroDivisionError"):
        Asker("Zalo").ask(lambda: 1 // 0)
    assert Asker("Zalo").ask(lambda: 1) == 1
