"""Adding a page, an OA, a bot: checked first, then set up, then kept; and what the command says about it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from bot.officer import Officer
from bot.reply import Reason
from bot.run.account import account as command
from bot.run.accounts import described
from bot.run.adding import VALUES, Connected, Desk, Report
from bot.run.adding_bot import add_bot
from bot.run.adding_oa import add_oa, add_zbs_template
from bot.run.adding_page import EXAMPLES, TEXTS, add_page
from bot.run.consent import make_connect
from bot.run.grants import Grants
from bot.run.roof import utc_now
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from catalog.account import (
    Account,
    account_by,
    is_lost,
    keep_pair,
    locked,
    note_lost,
    pause,
    refresh_token_of,
    seed_account,
    token_of,
)
from catalog.case import open_cases
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.template import templates_of
from handlers.calling import Caller
from handlers.channels.messenger.client import FIELDS, MessengerClient
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import ZaloOAuth
from handlers.channels.zalobot.client import ZaloBotClient
from handlers.pages.oauth import blueprint
from tests.conftest import NOW, SECRET, Fresh, opened
from tests.simulators.graph import Behaviour as GraphBehaviour
from tests.simulators.graph import Graph
from tests.simulators.graph import Mode as GraphMode
from tests.simulators.graph_fields import Refused as GraphRefused
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_world import App, Oa
from tests.simulators.zalo_zbs_template import Parameter, Template
from tests.simulators.zalobot import ZaloBot

APP, OA, PAGE = "3608465249400000001", "388613280878808645", "112233445566778"
TOKEN, BOT_TOKEN, BOT_SECRET = "EAAsecretPageToken1234567890", "1234567:secretBotToken", "a secret of the bot"
SITE = "https://suoimay.example"
PROGRAM = "from bot.run.cli import main; main(prog_name='chophien')"


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(tokens={PAGE: TOKEN}, app_secret="app-secret") as running:
        running.page(PAGE).name = "HTX Suối Mây"
        yield running


@pytest.fixture
def zalo() -> Iterator[Zalo]:
    oa = Oa(OA, APP, "oa-secret", name="HTX Suối Mây")
    with Zalo(apps=[App(APP, "app-secret")], oas=[oa], clock=Clock(NOW)) as running:
        yield running


@pytest.fixture
def bots() -> Iterator[ZaloBot]:
    with ZaloBot(clock=Clock(NOW)) as running:
        running.bot(BOT_TOKEN)
        yield running


@pytest.fixture
def pages(graph: Graph) -> Iterator[MessengerClient]:
    client = MessengerClient(graph.url, "v25.0", "app-secret", timeouts=(1.0, 1.0))
    yield client
    client.close()


@pytest.fixture
def clients(zalo: Zalo) -> Iterator[tuple[ZaloClient, ZaloOAuth]]:
    both = (
        ZaloClient(zalo.url, zalo.url, "app-secret", timeouts=(1.0, 1.0)),
        ZaloOAuth(zalo.url, APP, "app-secret", timeouts=(1.0, 1.0)),
    )
    yield both
    for client in both:
        client.close()


@pytest.fixture
def robot(bots: ZaloBot) -> Iterator[ZaloBotClient]:
    caller = Caller(pool_size=1, timeouts=(1.0, 1.0))
    yield ZaloBotClient(bots.url, caller)
    caller.close()


def desk(database: Database, folder: Path, coop: str | None = "SM", **environ: str) -> Desk:
    given = {
        "VAR_DIR": str(folder),
        "DATABASE_URL": database.url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": SITE,
        "MESSENGER_APP_SECRET": "app-secret",
        "MESSENGER_VERIFY_TOKEN": "verify",
        "ZALO_APP_ID": APP,
        "ZALO_APP_SECRET": "app-secret",
        "ZALO_OA_SECRET": "oa-secret",
        "ZALO_VERIFIER": "abc",
    }
    return Desk(Settings.read({**given, **environ}), database, coop, NOW)


def stored(database: Database, channel: str) -> list[tuple[str, str, str, str | None, str | None]]:
    """Id, name, co-op and tokens of the channel's accounts."""
    with database.reading() as db:
        found = db.scalars(select(Account).where(Account.channel == channel).order_by(Account.id)).all()
        owners = {one.id: db.get_one(Organisation, one.organisation_id).code for one in found}
        return [
            (one.external_id, one.name, owners[one.id], token_of(db, one), refresh_token_of(db, one)) for one in found
        ]


def refused(call: object) -> str:
    with pytest.raises(Trouble) as raised:
        call()  # type: ignore[operator]
    said = str(raised.value)
    assert "\n" not in said
    assert TOKEN not in said
    return said


# Pages


def test_a_page_is_subscribed_set_up_and_kept(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    report = add_page(desk(demo, tmp_path, MESSENGER_APP_ID="1517776481860111"), pages, TOKEN, PAGE)
    assert stored(demo, "messenger") == [(PAGE, "HTX Suối Mây", "SM", TOKEN, None)]
    page = graph.page(PAGE)
    assert page.fields == frozenset(FIELDS)
    assert {"get_started", "greeting", "persistent_menu"} == set(page.profile)
    assert sorted(page.templates) == [("cho_phien_order_cancelled_v1", "vi"), ("cho_phien_order_new_v1", "vi")]
    assert report == Report(
        [
            f"Page {PAGE} (HTX Suối Mây) sends its events to the app.",
            "Its token is kept, sealed, for HTX Suối Mây.",
            "Get Started, greeting and menu are set; the menu may take a day to appear.",
            "Message templates are handed in: order_new, order_cancelled.",
        ],
        [
            f"Paste {SITE}/webhooks/messenger into the app's Webhooks page at developers.facebook.com, if it is not "
            "there yet."
        ],
    )
    with demo.reading() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        kept = {one.purpose: (one.external_id, one.parameters, one.status) for one in templates_of(db, account.id)}
    assert kept == {
        "order_cancelled": ("cho_phien_order_cancelled_v1", "code,goods", "APPROVED"),
        "order_new": ("cho_phien_order_new_v1", "code,goods,money", "APPROVED"),
    }


def test_adding_a_page_again_renews_its_token_ends_its_pause_and_doubles_nothing(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    add_page(desk(demo, tmp_path), pages, TOKEN)
    with demo.writing() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        pause(db, account.id, Reason.TOKEN.value, NOW)
        Officer().call(db, locked(db, account.id), Reason.TOKEN, NOW)
    graph.tokens[PAGE] = f"{TOKEN}2"
    report = add_page(desk(demo, tmp_path, coop=None), pages, f"{TOKEN}2")
    assert stored(demo, "messenger") == [(PAGE, "HTX Suối Mây", "SM", f"{TOKEN}2", None)]
    assert len(report.done) == 4
    with demo.reading() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        assert account.paused_at is None
        assert open_cases(db) == []
        assert len(templates_of(db, account.id)) == 2


def test_a_token_of_the_environment_does_not_come_back_after_a_newer_one_was_added(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    environ = {"MESSENGER_PAGE_ID": PAGE, "MESSENGER_PAGE_TOKEN": "the environment's"}
    add_page(desk(demo, tmp_path, **environ), pages, TOKEN)
    with demo.writing() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        again = seed_account(db, "messenger", PAGE, account.organisation_id, token="the environment's", at=NOW)
        assert token_of(db, again) == TOKEN


def test_what_only_makes_a_page_nicer_is_told_and_keeps_it_from_nothing(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    no = GraphBehaviour(GraphMode.REFUSING, refusal=GraphRefused(200, "(#200) Requires a permission"))
    graph.behave(no, edge="messenger_profile")
    graph.behave(no, edge="message_templates")
    report = add_page(desk(demo, tmp_path, MESSENGER_VERIFY_TOKEN=""), pages, TOKEN)
    assert len(stored(demo, "messenger")) == 1
    assert len(report.done) == 2
    assert [line.partition(":")[0] for line in report.missing[:3]] == [
        "Get Started and menu are not set",
        "News of orders cannot go later than a day after somebody's last words",
        "MESSENGER_VERIFY_TOKEN is not set in .env",
    ]
    assert "page_utility_messaging" in report.missing[1]


def test_without_the_apps_number_it_is_told_what_the_bot_cannot_see(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    named = [
        [line for line in add_page(desk(demo, tmp_path, **app), pages, TOKEN).missing if "MESSENGER_APP_ID" in line]
        for app in ({}, {"MESSENGER_APP_ID": "1517776481860111"})
    ]
    assert [len(lines) for lines in named] == [1, 0]


def test_a_status_that_is_longer_than_its_column_is_cut(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    graph.review = "PENDING_BY_SOMEBODY_ELSE"
    add_page(desk(demo, tmp_path), pages, TOKEN)
    with demo.reading() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        assert [one.status for one in templates_of(db, account.id)] == ["PENDING_BY_SOMEBODY_"[:20]] * 2


def test_a_template_that_waits_for_facebook_is_kept_as_waiting(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    graph.review = "PENDING"
    report = add_page(desk(demo, tmp_path), pages, TOKEN)
    assert report.missing[0] == (
        "Facebook has not approved yet: order_new (PENDING), order_cancelled (PENDING). The clock looks every hour."
    )


def test_a_page_is_refused_whole(demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path) -> None:
    here = desk(demo, tmp_path)
    assert refused(lambda: add_page(here, pages, "wrong")) == (
        "nothing is stored: Facebook refuses the token (token 190/463 trace A_standin: the token has expired); "
        "make a new one and try again"
    )
    assert refused(lambda: add_page(here, pages, TOKEN, "999")) == (
        f"this token is for the page {PAGE} (HTX Suối Mây), not for 999"
    )
    assert refused(lambda: add_page(desk(demo, tmp_path, coop="XX"), pages, TOKEN)) == "there is no co-op XX"
    assert "MESSENGER_APP_SECRET is not set" in refused(
        lambda: add_page(desk(demo, tmp_path, MESSENGER_APP_SECRET=""), pages, TOKEN)
    )
    no = GraphRefused(200, "(#200) Requires pages_manage_metadata permission to manage the object")
    graph.behave(GraphBehaviour(GraphMode.REFUSING, refusal=no), edge="subscribed_apps")
    assert "it needs pages_manage_metadata and pages_messaging" in refused(lambda: add_page(here, pages, TOKEN))
    graph.behave(GraphMode.RESET)
    assert "try again in some minutes" in refused(lambda: add_page(here, pages, TOKEN))
    assert stored(demo, "messenger") == []


def test_a_page_that_speaks_for_one_co_op_is_not_given_to_another(
    demo: Database, graph: Graph, pages: MessengerClient, tmp_path: Path
) -> None:
    add_page(desk(demo, tmp_path, coop="SM"), pages, TOKEN)
    with demo.reading() as db:
        other = db.scalars(
            select(Organisation.code).where(Organisation.code != "SM", Organisation.kind == "coop")
        ).first()
    assert other is not None
    assert refused(lambda: add_page(desk(demo, tmp_path, coop=other), pages, TOKEN)) == (
        f"{PAGE} speaks for SM already, not for {other}"
    )
    assert [row[2] for row in stored(demo, "messenger")] == ["SM"]


def test_every_template_uses_just_the_values_that_we_can_fill_in() -> None:
    used = {purpose: sorted(re.findall(r"\{\{(\w+)\}\}", text)) for purpose, text in TEXTS.items()}
    assert used == {purpose: sorted(names) for purpose, names in VALUES.items()}
    assert set(EXAMPLES) == {name for names in VALUES.values() for name in names}


# OAs


def test_an_oa_is_added_by_the_pair_of_the_console(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    pair = zalo.grant(OA)
    report = add_oa(desk(demo, tmp_path), clients, (pair.access_token, pair.refresh_token), OA)
    assert stored(demo, "zalo") == [(OA, "HTX Suối Mây", "SM", pair.access_token, pair.refresh_token)]
    assert report == Report(
        [f"OA {OA} (HTX Suối Mây) is connected.", "Its package: Tăng trưởng."],
        [
            f"Paste {SITE}/webhooks/zalo into the console's Webhook page, after the domain is verified, if it is not "
            "there yet.",
            f"Paste {SITE}/oauth/zalo/callback into Official Account Callback Url, for --consent, if it is not there "
            "yet.",
            "In the console's Webhook page: syntax filter (lọc cú pháp) OFF, Webhook Retry ON, all events ON.",
        ],
    )


def test_an_oas_switches_that_only_a_person_can_press_are_named(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    zalo.oa(OA).verified, zalo.oa(OA).zca_linked = False, False
    off = {"ZALO_OA_SECRET": "", "ZALO_VERIFIER": "", "ZALO_PAID": "yes", "PUBLIC_URL": "http://127.0.0.1:8000"}
    report = add_oa(desk(demo, tmp_path, **off), clients, (zalo.grant(OA).access_token, ""))
    said = " ".join(report.missing)
    for words in (
        "not verified",
        "no Zalo Cloud Account",
        "ZALO_OA_SECRET is not set",
        "the app's secret is tried",
        "ZALO_VERIFIER is not set",
        "PUBLIC_URL is http://127.0.0.1:8000, which no platform can reach",
        "syntax filter (lọc cú pháp) OFF",
        "There is no refresh token",
    ):
        assert words in said


def test_a_pair_whose_access_token_is_over_is_renewed_and_then_kept(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    pair = zalo.grant(OA)
    with zalo.state.changed:
        zalo.clock.advance(hours=26)  # type: ignore[attr-defined]
    add_oa(desk(demo, tmp_path), clients, (pair.access_token, pair.refresh_token))
    (kept,) = stored(demo, "zalo")
    assert (kept[3] != pair.access_token, kept[4] != pair.refresh_token) == (True, True)
    assert clients[0].get_oa(str(kept[3])).oa_id == OA


def test_a_pair_that_was_added_and_is_spent_is_not_taken_from_the_environment_later(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    pair = zalo.grant(OA)
    pasted = (pair.access_token, pair.refresh_token)
    add_oa(desk(demo, tmp_path), clients, pasted)
    with demo.writing() as db:
        account = account_by(db, "zalo", OA)
        assert account is not None
        grant = clients[1].refresh(pair.refresh_token)
        keep_pair(db, account, grant.access_token, grant.refresh_token, None)
    again(demo, pasted)
    assert stored(demo, "zalo")[0][3:] == (grant.access_token, grant.refresh_token)


def test_a_pair_that_adding_itself_spent_is_not_taken_from_the_environment_later(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    pair = zalo.grant(OA)
    with zalo.state.changed:
        zalo.clock.advance(hours=26)  # type: ignore[attr-defined]
    add_oa(desk(demo, tmp_path), clients, (pair.access_token, pair.refresh_token))
    kept = stored(demo, "zalo")
    again(demo, (pair.access_token, pair.refresh_token))
    assert stored(demo, "zalo") == kept


def again(database: Database, pair: tuple[str, str]) -> None:
    """A start with this pair in the environment."""
    with database.writing() as db:
        account = account_by(db, "zalo", OA)
        assert account is not None
        seed_account(db, "zalo", OA, account.organisation_id, token=pair[0], refresh_token=pair[1], at=NOW)


def test_a_lost_grant_that_is_found_good_again_is_lost_no_more(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    pair = zalo.grant(OA)
    for _ in range(2):
        add_oa(desk(demo, tmp_path), clients, (pair.access_token, pair.refresh_token))
        with demo.writing() as db:
            account = account_by(db, "zalo", OA)
            assert account is not None
            assert not is_lost(db, account, pair.refresh_token)
            note_lost(db, account, pair.refresh_token, NOW)
            assert is_lost(db, account, pair.refresh_token)


def test_an_oa_is_refused_whole(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    here, pair = desk(demo, tmp_path), zalo.grant(OA)
    good = (pair.access_token, pair.refresh_token)
    assert refused(lambda: add_oa(here, clients, good, "999")) == (
        f"these tokens are for the OA {OA} (HTX Suối Mây), not for 999"
    )
    assert "refuses the token" in refused(lambda: add_oa(here, clients, ("wrong", "")))
    assert "both tokens are used up or too old (-14014)" in refused(lambda: add_oa(here, clients, ("wrong", "wrong")))
    assert "ZALO_APP_ID and ZALO_APP_SECRET not set" in refused(
        lambda: add_oa(desk(demo, tmp_path, ZALO_APP_ID="", ZALO_APP_SECRET=""), clients, good)
    )
    zalo.behave(Behaviour(Mode.REFUSING, refusal=Refused(-224)), times=1, call="/v2.0/oa/getoa")
    assert "it needs Tăng trưởng or above" in refused(lambda: add_oa(here, clients, good))
    zalo.behave(Mode.BAD_GATEWAY, times=1, call="/v2.0/oa/getoa")
    assert "try again in some minutes" in refused(lambda: add_oa(here, clients, good))
    assert stored(demo, "zalo") == []


def test_a_zbs_template_is_kept_with_its_parameters(
    demo: Database, zalo: Zalo, clients: tuple[ZaloClient, ZaloOAuth], tmp_path: Path
) -> None:
    names = (Parameter("code", "CODE"), Parameter("goods", "NOTE"), Parameter("shop", "NAME", require=False))
    zalo.oa(OA).templates["12345"] = Template("12345", "Đơn mới", "Đơn <code>: <goods>", names)
    zalo.oa(OA).templates["67890"] = Template("67890", "Lạ", "Chào <who>", (Parameter("who", "NAME"),))
    pair = zalo.grant(OA)
    add_oa(desk(demo, tmp_path), clients, (pair.access_token, pair.refresh_token))
    grants = Grants(demo, clients[1], zalo.clock, "here")
    info, status = add_zbs_template(demo, clients[0], grants, OA, ("order_new", "12345"))
    assert (info.name, status) == ("Đơn mới", "APPROVED")
    with demo.reading() as db:
        account = account_by(db, "zalo", OA)
        assert account is not None
        assert [(one.purpose, one.external_id, one.parameters) for one in templates_of(db, account.id)] == [
            ("order_new", "12345", "code,goods")
        ]
    assert refused(lambda: add_zbs_template(demo, clients[0], grants, OA, ("order_new", "67890"))) == (
        "the template wants who; for order_new there are only code, goods, money"
    )
    assert "-109" in refused(lambda: add_zbs_template(demo, clients[0], grants, OA, ("order_new", "1")))
    assert "there is no OA 999 here" in refused(
        lambda: add_zbs_template(demo, clients[0], grants, "999", ("order_new", "12345"))
    )


# Bots


def test_a_bot_gets_its_webhook_and_is_kept(
    demo: Database, bots: ZaloBot, robot: ZaloBotClient, tmp_path: Path
) -> None:
    here = desk(demo, tmp_path, ZALOBOT_TOKEN=BOT_TOKEN)
    report = add_bot(here, robot, BOT_TOKEN, BOT_SECRET)
    bot = bots.bot(BOT_TOKEN)
    assert (bot.webhook, bot.secret) == (f"{SITE}/webhooks/zalobot", BOT_SECRET)
    ((external_id, name, coop, token, _),) = stored(demo, "zalobot")
    assert (external_id, name, coop, token) == (here.settings.zalobot_id, "Bot Chợ Phiên", "SM", BOT_TOKEN)
    assert report.missing == ["ZALOBOT_SECRET in .env is not the one that you gave: set it, then restart."]


def test_a_bot_is_refused_whole(demo: Database, bots: ZaloBot, robot: ZaloBotClient, tmp_path: Path) -> None:
    here = desk(demo, tmp_path)
    assert "refuses the token" in refused(lambda: add_bot(here, robot, "1:wrong", BOT_SECRET))
    assert "8 to 256" in refused(lambda: add_bot(here, robot, BOT_TOKEN, "short"))
    local = desk(demo, tmp_path, PUBLIC_URL="http://127.0.0.1:8000")
    assert "Zalo cannot reach" in refused(lambda: add_bot(local, robot, BOT_TOKEN, BOT_SECRET))
    assert stored(demo, "zalobot") == []
    assert bots.bot(BOT_TOKEN).webhook == ""


# The list


def test_the_list_says_of_each_account_whether_it_sends(demo: Database, tmp_path: Path) -> None:
    here = desk(demo, tmp_path, ZALO_PAID="yes", MESSENGER_HUMAN_AGENT="yes")
    here.keep(Connected("messenger", PAGE, "HTX Suối Mây", TOKEN))
    here.keep(Connected("zalo", OA, "HTX Suối Mây", "a", "r", NOW))
    here.keep(Connected("zalo", "1", "Không gia hạn", "a"))
    with demo.writing() as db:
        page = account_by(db, "messenger", PAGE)
        assert page is not None
        pause(db, page.id, Reason.TOKEN.value, NOW)
    rows = {row[1]: row for row in described(here.settings, demo) if row[0] not in {"web", "console"}}
    assert rows[PAGE] == (
        "messenger",
        PAGE,
        "HTX Suối Mây",
        "SM",
        "paused since 21/11 09:00: The connection to this account is lost. Please connect it again: chophien account "
        "add. What waits goes out by itself afterwards.",
        "without an end",
    )
    assert rows[OA][4:] == (
        "sends, up to 48 hours after their last words, paid up to 7 days",
        "until 21/11 09:00, renews itself",
    )
    assert rows["1"][5] == "until an unknown day, cannot be renewed"


# The command


@pytest.mark.parametrize("path", [[], ["add"], ["add", "messenger"], ["add", "zalo"], ["add", "zalobot"]])
def test_every_command_explains_itself_with_an_example(path: list[str]) -> None:
    shown = CliRunner().invoke(command, [*path, "--help"])
    assert shown.exit_code == 0
    assert re.search(r"Example:\s.*chophien account", shown.output)


def test_list_and_template_explain_themselves_with_an_example() -> None:
    for name in ("list", "template"):
        shown = CliRunner().invoke(command, [name, "--help"])
        assert shown.exit_code == 0
        assert re.search(rf"Example:\s+chophien account {name}", shown.output)


@pytest.fixture
def shop(fresh: Fresh) -> Iterator[Database]:
    """The demo for a program of its own."""
    database = opened(fresh.url("sqlite", "demo"))
    yield database
    database.close()


def run(
    folder: Path, database: Database, *words: str, typed: str = "", **environ: str
) -> "subprocess.CompletedProcess[str]":
    """`chophien account …` as it is called."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "account", *words],
        cwd=folder,
        env={**around(folder, database), **environ},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def around(folder: Path, database: Database) -> dict[str, str]:
    """The environment of the program."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database.url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": SITE,
        "MESSENGER_APP_SECRET": "app-secret",
        "MESSENGER_VERIFY_TOKEN": "verify",
        "ZALO_APP_ID": APP,
        "ZALO_APP_SECRET": "app-secret",
        "ZALO_OA_SECRET": "oa-secret",
    }


def test_a_page_is_added_by_command_and_listed(shop: Database, graph: Graph, tmp_path: Path) -> None:
    api = {"MESSENGER_API_URL": graph.url}
    done = run(tmp_path, shop, "add", "messenger", "--coop", "SM", MESSENGER_PAGE_TOKEN=TOKEN, **api)
    assert (done.returncode, [line[0] for line in done.stdout.splitlines()]) == (0, list("✔✔✔✔!!"))
    assert TOKEN not in done.stdout + done.stderr
    listed = run(tmp_path, shop, "list")
    assert listed.returncode == 0
    assert listed.stdout.splitlines()[-1] == (
        f"messenger · {PAGE} · HTX Suối Mây · SM · sends, up to 24 hours after their last words · token: without an end"
    )


def test_a_token_is_asked_for_where_none_is_given(shop: Database, graph: Graph, tmp_path: Path) -> None:
    done = run(tmp_path, shop, "add", "messenger", typed=f"{TOKEN}\n", MESSENGER_API_URL=graph.url)
    assert done.returncode == 0
    assert stored(shop, "messenger")[0][3] == TOKEN
    assert TOKEN not in done.stdout + done.stderr


def test_an_oa_and_its_template_are_added_by_command(shop: Database, zalo: Zalo, tmp_path: Path) -> None:
    pair = zalo.grant(OA)
    api = {"ZALO_API_URL": zalo.url, "ZALO_OAUTH_URL": zalo.url, "ZALO_ZBS_URL": zalo.url}
    tokens = {"ZALO_ACCESS_TOKEN": pair.access_token, "ZALO_REFRESH_TOKEN": pair.refresh_token}
    done = run(tmp_path, shop, "add", "zalo", "--oa-id", OA, **tokens, **api)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"✔ OA {OA} (HTX Suối Mây) is connected.")
    zalo.oa(OA).templates["12345"] = Template("12345", "Đơn mới", "Đơn <code>", (Parameter("code", "CODE"),))
    kept = run(tmp_path, shop, "template", "zalo", OA, "order_new", "12345", **api)
    assert kept.stdout == f"✔ order_new on zalo {OA} goes as template 12345 (Đơn mới), 200 đ each.\n"
    unknown = run(tmp_path, shop, "template", "zalo", OA, "order_new", "1", **api)
    assert (unknown.returncode, unknown.stderr) == (1, "Error: Zalo refuses it (shape -109)\n")


def test_an_oa_is_added_by_a_consent_while_the_command_waits(shop: Database, zalo: Zalo, tmp_path: Path) -> None:
    zalo.state.apps[APP].callback = f"{SITE}/oauth/zalo/callback"
    api = {"ZALO_API_URL": zalo.url, "ZALO_OAUTH_URL": zalo.url, "PYTHONUNBUFFERED": "1"}
    environ = {**around(tmp_path, shop), **api}
    command = [sys.executable, "-c", PROGRAM, "account", "add", "zalo", "--consent", "--coop", "SM"]
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        said = [waiting.stdout.readline().strip() for _ in range(3)]
        assert said[0].endswith(f"{SITE}/oauth/zalo/callback")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(said[2]).query).items()}
        agreed = {**asked, "oa_id": OA}
        back = requests.post(said[2].partition("?")[0], data=agreed, timeout=5, allow_redirects=False)
        settings = Settings.read(environ)
        connect = make_connect(settings, shop)
        site = Flask("callback", static_folder=None)
        site.register_blueprint(blueprint(shop.vault, connect, utc_now))
        target = urlsplit(back.headers["Location"])
        assert site.test_client().get(f"{target.path}?{target.query}").status_code == 200
        connect.close()
        rest, _ = waiting.communicate(timeout=30)
    assert waiting.returncode == 0
    assert rest.splitlines()[0] == f"✔ OA {OA} (HTX Suối Mây) is connected."
    assert [row[:3] for row in stored(shop, "zalo")] == [(OA, "HTX Suối Mây", "SM")]


def test_an_oas_pair_is_asked_for_where_none_is_given(shop: Database, zalo: Zalo, tmp_path: Path) -> None:
    pair = zalo.grant(OA)
    typed = f"{pair.access_token}\n{pair.refresh_token}\n"
    done = run(tmp_path, shop, "add", "zalo", typed=typed, ZALO_API_URL=zalo.url, ZALO_OAUTH_URL=zalo.url)
    assert done.returncode == 0
    assert stored(shop, "zalo")[0][3:] == (pair.access_token, pair.refresh_token)
    assert pair.refresh_token not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("platform", "option"),
    [
        ("messenger", "--page-token"),
        ("zalo", "--access-token"),
        ("zalo", "--refresh-token"),
        ("zalobot", "--token"),
        ("zalobot", "--secret"),
    ],
)
def test_no_secret_can_be_given_where_every_user_of_the_machine_reads_it(platform: str, option: str) -> None:
    refusal = CliRunner().invoke(command, ["add", platform, option, "secret"])
    assert (refusal.exit_code, "No such option" in refusal.output) == (2, True)


def test_a_bot_is_added_by_command(shop: Database, bots: ZaloBot, tmp_path: Path) -> None:
    given = {"ZALOBOT_API_URL": bots.url, "ZALOBOT_TOKEN": BOT_TOKEN, "ZALOBOT_SECRET": BOT_SECRET}
    done = run(tmp_path, shop, "add", "zalobot", "--coop", "SM", **given)
    assert (done.returncode, [line[0] for line in done.stdout.splitlines()]) == (0, list("✔✔"))
    assert stored(shop, "zalobot")[0][3] == BOT_TOKEN


def test_what_fails_is_one_line_and_exit_code_1(shop: Database, graph: Graph, tmp_path: Path) -> None:
    done = run(tmp_path, shop, "add", "messenger", MESSENGER_PAGE_TOKEN="wrong", MESSENGER_API_URL=graph.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: nothing is stored: Facebook refuses the token (token 190/463 trace A_standin: the token has expired); "
        "make a new one and try again\n"
    )
    empty = run(tmp_path, shop, "add", "messenger", typed="\n", MESSENGER_API_URL=graph.url)
    assert empty.returncode == 1
    assert empty.stderr.endswith("Error: nothing is stored: no page token was given\n")
    off = run(tmp_path, shop, "add", "zalo", "--consent", ZALO_APP_ID="")
    assert (off.returncode, off.stderr.count("\n")) == (1, 1)
    assert off.stderr.startswith("Error: ZALO_APP_ID not set")
