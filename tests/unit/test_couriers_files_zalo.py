"""A file behind the words at Zalo: handed over where the OA may, else its link goes, and never anything twice."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot import inbox
from bot.event import Inbound, Silent
from bot.permit import Way
from bot.reply import Reason, SendError
from bot.run.couriers.documents import no_documents
from bot.run.couriers.making import make_couriers
from bot.run.couriers.messenger import MessengerCourier
from bot.run.couriers.pictures import Pictures
from bot.run.couriers.tokens import Tokens
from bot.run.couriers.zalo import ZaloCourier
from bot.run.couriers.zalobot import ZaloBotCourier
from bot.run.grants import Grants
from bot.run.settings import Settings
from catalog.account import Account, keep_pair
from catalog.db import Database
from handlers.calling import Caller
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.codec import parse as parse_zalo
from handlers.channels.zalo.oauth import ZaloOAuth
from handlers.channels.zalobot.client import ZaloBotClient
from handlers.pages.pictures import picture
from tests.conftest import NOW
from tests.conftest import SECRET as KEY
from tests.simulators import zalo_faults
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock as ZaloClock
from tests.simulators.zalo_rules import File
from tests.simulators.zalo_world import App, Echo, Oa
from tests.simulators.zalobot import ZaloBot
from tests.unit.sheets import BY_LINK, PDF, REPLY, SHEET, WORDS, documents
from tests.unit.test_couriers import (
    APP,
    BOT_TOKEN,
    CHAT,
    FREE,
    OA,
    Office,
    account,
    deliver,
    fate,
    promise,
    reply,
    run,
    sending_of,
)

UPLOADS = "/v2.0/oa/upload/file"


@pytest.fixture
def kind() -> str:
    """One database is enough: what is sent does not depend on it."""
    return "sqlite"


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    clock = ZaloClock()
    with Zalo(apps=[App(APP, "app-secret")], oas=[Oa(OA, APP, "oa-secret")], clock=clock) as zalo:
        zalo.switches.echo = Echo.OFF
        made = account(database, "zalo", OA, "")
        pair = zalo.grant(OA)
        with database.writing() as db:
            expires_at = clock() + timedelta(hours=25)
            keep_pair(db, db.get_one(Account, made), pair.access_token, pair.refresh_token, expires_at)
        oauth = ZaloOAuth(zalo.url, APP, "app-secret", timeouts=(1.0, 1.0))
        client = ZaloClient(zalo.url, zalo.url, "app-secret", timeouts=(1.0, 1.0), now=clock)
        grants = Grants(database, oauth, clock, "here", wait=lambda _seconds: None)
        pictures = Pictures(database, picture, clock)
        courier = ZaloCourier(client, database, grants, pictures, FREE, 100, documents=documents)
        phone = zalo.phone(OA, "Lan", "84905000111")
        phone.follow()
        phone.type("alo")
        yield Office(database, zalo, clock, made, courier, phone)
        client.close()
        oauth.close()


def seen(office: Office) -> list[str]:
    return [bubble.file.name if bubble.file is not None else bubble.text for bubble in office.phone.bubbles]


def give(office: Office) -> None:
    """The file of the reply alone, as where its words have gone already."""
    one = office.reply(REPLY)
    _, file = office.courier.render(one, Way.REPLY)
    office.courier.send(sending_of(one, file, 1))


def test_in_zalo_the_words_come_with_their_buttons_and_then_the_file_with_its_very_bytes(office: Office) -> None:
    office.send(REPLY)

    words, file = office.phone.bubbles
    assert (words.text, words.titles, words.file) == (f"{WORDS}\n1. In thêm", ("In thêm",), None)
    assert (file.kind, file.text, file.file) == ("file", "", File("tem-cam-100.pdf", PDF))


def test_a_token_that_expires_before_the_file_is_renewed_once_and_it_goes(office: Office) -> None:
    office.clock.advance(hours=26)

    give(office)

    assert (seen(office), office.renewals, office.calls(UPLOADS)) == (["tem-cam-100.pdf"], 1, 2)


@pytest.mark.parametrize("code", [-201, -210, -211, -221, -224, -233, -241])
def test_a_file_that_zalo_does_not_take_up_is_to_be_had_by_its_link(office: Office, code: int) -> None:
    office.refuses(code, times=1, call=UPLOADS)

    office.send(REPLY)

    assert seen(office) == [f"{WORDS}\n1. In thêm", BY_LINK]


@pytest.mark.parametrize(("code", "times"), [(-201, 1), (-233, 1), (-224, 1), (-100, 2)])
def test_a_file_that_zalo_does_not_send_is_to_be_had_by_its_link(office: Office, code: int, times: int) -> None:
    office.refuses(code, times)

    give(office)

    assert (seen(office), office.sends) == ([BY_LINK], times + 1)


def test_an_upload_that_zalo_calls_too_old_is_made_once_more(office: Office) -> None:
    office.refuses(-100, times=1)

    give(office)

    assert (seen(office), office.calls(UPLOADS)) == (["tem-cam-100.pdf"], 2)


def test_five_megabytes_are_what_zalo_takes_and_more_is_not_even_uploaded(office: Office) -> None:
    large = b"%PDF-".ljust(5 * 1024 * 1024 + 1, b"0")
    for content in (large[:-1], large):
        office.courier.documents = {SHEET.path: content}.get
        give(office)

    assert (seen(office), office.calls(UPLOADS)) == (["tem-cam-100.pdf", BY_LINK], 1)


def test_what_is_no_pdf_is_refused_by_zalo_and_to_be_had_by_its_link(office: Office) -> None:
    office.courier.documents = {SHEET.path: b"<svg/>"}.get

    give(office)

    assert (seen(office), office.calls(UPLOADS)) == ([BY_LINK], 1)


def test_a_sheet_that_is_gone_has_to_be_asked_for_again_in_zalo(office: Office) -> None:
    office.courier.documents = no_documents

    give(office)

    assert seen(office) == [SHEET.gone]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-32, Reason.THROTTLED),
        (-200, Reason.LATER),
        (-214, Reason.LATER),
        (-209, Reason.RIGHTS),
        (-224, Reason.PACKAGE),
    ],
)
def test_a_passing_failure_and_a_package_without_any_message_are_the_replys(
    office: Office, code: int, reason: Reason
) -> None:
    office.refuses(code, times=2)

    with pytest.raises(SendError) as caught:
        give(office)

    assert (caught.value.reason, seen(office)) == (reason, [])
    assert office.sends == (2 if reason in (Reason.PACKAGE, Reason.RIGHTS) else 1)


def test_a_file_that_has_to_be_tried_again_costs_no_second_words_in_zalo(office: Office) -> None:
    office.zalo.behave(zalo_faults.Mode.ERROR, 1, call=UPLOADS)
    now = office.clock()
    sent = promise(office.database, office.account_id, office.phone.user_id, REPLY, now)

    run(office.database, "zalo", office.courier, now, lambda: fate(office.database, sent).sent_at)

    assert (seen(office), office.calls(UPLOADS)) == ([f"{WORDS}\n1. In thêm", "tem-cam-100.pdf"], 2)


@pytest.mark.parametrize(
    ("key", "words", "arrived"),
    [
        ("oa_send_file:1", "", True),
        ("oa_send_text:1", BY_LINK, True),
        ("oa_send_text:1", SHEET.gone, True),
        ("oa_send_text:1", WORDS, False),
        ("oa_send_image:1", "", False),
    ],
)
def test_the_echo_of_a_file_or_of_what_went_in_its_place_tells_that_it_arrived(
    office: Office, key: str, words: str, arrived: bool
) -> None:
    one = office.reply(REPLY)
    _, file = office.courier.render(one, Way.REPLY)
    with office.database.writing() as db:
        echo = Inbound(OA, office.phone.user_id, key, NOW, Silent("echo", words))
        inbox.receive(db, [(office.account_id, echo)], NOW)
        assert office.courier.arrived(db, sending_of(one, file, 1)) is arrived
        assert not office.courier.arrived(db, sending_of(one, {"text": "Câu khác."}))


def test_the_echo_of_a_file_comes_under_the_key_that_is_looked_for(office: Office) -> None:
    office.zalo.switches.echo = Echo.SOON
    posted: list[bytes] = []

    def post(body: bytes, _headers: Any) -> int:
        posted.append(body)
        return 200

    office.zalo.connect(APP, post)
    one = office.reply(REPLY)
    _, file = office.courier.render(one, Way.REPLY)
    office.courier.send(sending_of(one, file, 1))
    office.zalo.settle()
    echoes = [(office.account_id, found) for body in posted for found in parse_zalo(json.loads(body), NOW)]

    with office.database.writing() as db:
        inbox.receive(db, echoes, NOW)
        assert office.courier.arrived(db, sending_of(one, file, 1))


# Zalo's bot platform


def test_a_bot_has_no_way_for_a_file_so_that_the_link_stands_in_the_words(database: Database) -> None:
    made = account(database, "zalobot", "1459232241454765289", BOT_TOKEN)
    caller = Caller(timeouts=(1.0, 1.0))
    with ZaloBot(clock=ZaloClock()) as platform:
        platform.phone(platform.bot(BOT_TOKEN), "Mến", CHAT).type("alo")
        courier = ZaloBotCourier(ZaloBotClient(platform.url, caller), Tokens(database))
        deliver(courier, reply(made, "zalobot", CHAT, REPLY))
        texts = [one.bubble.text for one in platform.delivered]
    caller.close()

    assert texts == [f"{WORDS}\n{BY_LINK}\n1. In thêm"]


def test_couriers_know_no_documents_until_somebody_gives_them(database: Database) -> None:
    settings = Settings.read({"DATABASE_URL": database.url, "SECRET_KEY": KEY})
    oauth = ZaloOAuth("http://127.0.0.1:9", APP, "app-secret")
    grants = Grants(database, oauth, lambda: NOW, "here")

    without, given = (
        make_couriers(settings, database, grants, 1),
        make_couriers(settings, database, grants, 1, documents=documents),
    )
    oauth.close()

    for couriers, found in ((without, None), (given, PDF)):
        for courier in (couriers["messenger"], couriers["zalo"]):
            assert isinstance(courier, MessengerCourier | ZaloCourier)
            assert courier.documents(SHEET.path) == found
