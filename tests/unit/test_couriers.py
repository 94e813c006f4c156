"""The couriers against platforms that refuse what the real ones refuse: pictures, buttons, tokens, signs, templates."""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from bot import inbox, outbox
from bot.conversation import Conversation, conversation_of
from bot.event import Inbound, Silent
from bot.inbox import InboxRow
from bot.outbox import OutboxRow, Outgoing
from bot.permit import Terms, Way
from bot.reply import Bought, Bubble, Button, Card, Carousel, Notice, Reason, Receipt, SendError
from bot.run.courier import Courier, HotCourier, Message, Sending
from bot.run.couriers.messenger import MessengerCourier
from bot.run.couriers.pictures import Pictures
from bot.run.couriers.tokens import Tokens
from bot.run.couriers.zalo import APART, BUTTONS_REST, ZaloCourier
from bot.run.couriers.zalobot import ZaloBotCourier
from bot.run.grants import Grants
from bot.run.sender import Sender
from bot.upload import Upload
from catalog.account import Account, ensure_account, keep_pair
from catalog.case import open_cases
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from catalog.template import keep_template
from handlers.calling import Caller
from handlers.channels.messenger import codec as messenger
from handlers.channels.messenger.client import INBOX_APP, MessengerClient
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.codec import parse as parse_zalo
from handlers.channels.zalo.oauth import ZaloOAuth
from handlers.channels.zalobot.client import ZaloBotClient
from handlers.pages.pictures import picture
from tests.conftest import NOW
from tests.simulators import graph_faults, zalo_faults
from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock as GraphClock
from tests.simulators.graph_rules import Refused as GraphRefused
from tests.simulators.graph_utility import Template as GraphTemplate
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock as ZaloClock
from tests.simulators.zalo_errors import Refused as ZaloRefused
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_world import App, Echo, Oa
from tests.simulators.zalo_zbs_template import Parameter
from tests.simulators.zalo_zbs_template import Template as ZaloTemplate
from tests.simulators.zalobot import ZaloBot

PAGE, OTHER_PAGE, TOKEN, SECRET = "112233445566778", "112233445566779", "EAAtestPageToken123", "app-secret"
APP, OA = "3608465249400000001", "388613280878808645"
BOT_TOKEN, CHAT = "1459232241454765289:bi-mat_Kx", "6ede9afa66b88fe6d6a9"
ORANGE = "/pictures/cam-sanh.png"
FREE = Terms(free=timedelta(hours=24), templates=True)
PATIENCE_S = 10.0
YES_NO = (Button("7:yes:", "Đúng"), Button("7:no:", "Sửa"))
PAPER = Receipt("DH2345", "Hằng", "HTX", "COD", NOW, (Bought("Cam", "2 kg", 50_000),), 50_000, 0, 50_000)
NEWS = Notice("order_new", {"code": "DH2345", "goods": "2 kg cam", "unused": "x"})
numbers = itertools.count(1)


def eventually(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.005)


def account(database: Database, channel: str, external_id: str, token: str) -> int:
    with database.writing() as db:
        coop = db.scalar(select(Organisation))
        if coop is None:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX", short_name="HTX")
            db.add(coop)
            db.flush()
        return ensure_account(db, channel, external_id, coop.id, token).id


def reply(account_id: int, channel: str, address: str, bubble: Bubble) -> Outgoing:
    return Outgoing(next(numbers), account_id, channel, address, 1, 0, bubble, NOW)


def sending_of(one: Outgoing, message: Message, place: int = 0, way: Way = Way.REPLY) -> Sending:
    """On its way for the first time."""
    return Sending(one, message, place, way, NOW)


def deliver(courier: Courier, one: Outgoing, way: Way = Way.REPLY) -> None:
    for place, message in enumerate(courier.render(one, way)):
        courier.send(sending_of(one, message, place, way))


def uploads(database: Database) -> list[str]:
    with database.reading() as db:
        return list(db.scalars(select(Upload.external_id).order_by(Upload.id)))


# Messenger


@dataclass(slots=True)
class Page:
    """A page at a strict Graph, a courier for it, and lan, who wrote a moment ago."""

    database: Database
    graph: Graph
    clock: GraphClock
    client: MessengerClient
    account_id: int
    lan: str
    courier: MessengerCourier = field(init=False)

    def __post_init__(self) -> None:
        pictures = Pictures(self.database, picture, self.clock)
        self.courier = MessengerCourier(self.client, self.database, Tokens(self.database), pictures, FREE)

    def send(self, bubble: Bubble, way: Way = Way.REPLY) -> Outgoing:
        one = reply(self.account_id, "messenger", self.lan, bubble)
        deliver(self.courier, one, way)
        return one

    def attachments(self) -> list[str]:
        return [bubble.attachment for bubble in self.graph.to(self.lan) if bubble.attachment]

    def writes(self) -> None:
        at = int(self.clock().timestamp() * 1000)
        message = {"mid": f"m_{at}", "text": "alo"}
        item = {"sender": {"id": self.lan}, "recipient": {"id": PAGE}, "timestamp": at, "message": message}
        self.graph.heard(PAGE, item)


@pytest.fixture
def page(database: Database) -> Iterator[Page]:
    clock = GraphClock(NOW)
    tokens = {PAGE: TOKEN, OTHER_PAGE: TOKEN}
    with Graph(tokens=tokens, app_secret=SECRET, strict=True, clock=clock) as graph:
        client = MessengerClient(graph.url, "v25.0", SECRET, timeouts=(1.0, 1.0))
        made = account(database, "messenger", PAGE, TOKEN)
        one = Page(database, graph, clock, client, made, graph.join(PAGE, "Lan"))
        one.writes()
        yield one
        client.close()


def test_a_picture_is_uploaded_once_and_used_again_by_its_id(page: Page) -> None:
    for _ in range(3):
        page.send(Bubble("Cam đây ạ.", image=ORANGE))

    (attachment_id,) = uploads(page.database)
    assert len(page.graph.book.saved) == 1
    assert page.attachments() == [f"image {attachment_id}"] * 3
    assert [bubble.text for bubble in page.graph.to(page.lan)] == ["", "Cam đây ạ."] * 3


@pytest.mark.parametrize(
    ("public_url", "image"), [("https://cho.example", f"https://cho.example{ORANGE}"), ("http://127.0.0.1:8000", "")]
)
def test_a_row_of_cards_has_its_pictures_where_meta_can_fetch_them(page: Page, public_url: str, image: str) -> None:
    page.courier.public_url = public_url
    row = Carousel("Hôm nay có:", (Card("Cam", "28.000đ/kg", ORANGE), Card("Ổi", "20.000đ/kg")))

    page.send(Bubble("Hôm nay có:\n1. Cam\n2. Ổi", carousel=row))

    lead, cards = page.graph.to(page.lan)
    assert (lead.text, [card.image for card in cards.cards]) == ("Hôm nay có:", [image, ""])
    assert uploads(page.database) == []


def test_an_id_that_lapses_soon_is_not_used_any_more(page: Page) -> None:
    page.send(Bubble("Cam đây ạ.", image=ORANGE))
    page.clock.advance(days=90)
    page.writes()

    page.send(Bubble("Cam đây ạ.", image=ORANGE))

    first, second = page.graph.book.saved
    assert page.attachments() == [f"image {first}", f"image {second}"]
    assert uploads(page.database) == [second]


def test_an_id_that_the_platform_calls_foreign_is_uploaded_once_more(page: Page) -> None:
    page.send(Bubble("Cam đây ạ.", image=ORANGE))
    (known,) = uploads(page.database)
    page.graph.book.saved.pop(known)

    page.send(Bubble("Cam đây ạ.", image=ORANGE))

    (fresh,) = page.graph.book.saved
    assert page.attachments() == [f"image {known}", f"image {fresh}"]
    assert uploads(page.database) == [fresh] != [known]
    assert [bubble.text for bubble in page.graph.to(page.lan)][-1] == "Cam đây ạ."


def test_an_id_that_was_refused_is_forgotten_though_the_new_upload_fails(page: Page) -> None:
    page.courier.typing = "never"
    page.send(Bubble("Cam đây ạ.", image=ORANGE))
    page.graph.book.saved.clear()
    page.graph.behave(graph_faults.Mode.ERROR, times=1, edge="message_attachments")

    with pytest.raises(SendError):
        page.send(Bubble("Cam đây ạ.", image=ORANGE))

    assert uploads(page.database) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_picture_that_is_refused_all_the_same_is_left_out_and_the_words_go(page: Page, known: bool) -> None:
    page.courier.typing = "never"
    if known:
        page.send(Bubble("Một.", image=ORANGE))
    sent = len(page.graph.to(page.lan))
    foreign = graph_faults.Behaviour(graph_faults.Mode.REFUSING, refusal=GraphRefused(100, "foreign id", 2018074))
    page.graph.behave(foreign, times=2 if known else 1, edge="messages")

    page.send(Bubble("Cam đây ạ.", image=ORANGE))

    assert page.graph.calls[graph_faults.Mode.REFUSING] == (2 if known else 1)
    assert [bubble.text for bubble in page.graph.to(page.lan)][sent:] == ["Cam đây ạ."]


def test_a_picture_that_we_do_not_have_is_left_out_and_the_words_go(page: Page) -> None:
    page.send(Bubble("Cam đây ạ.", image="/pictures/nothing.png"))

    assert [bubble.text for bubble in page.graph.to(page.lan)] == ["Cam đây ạ."]
    assert page.graph.book.saved == {}


def test_a_picture_that_is_not_refused_for_itself_keeps_the_words_for_the_next_try(page: Page) -> None:
    page.graph.behave(graph_faults.Mode.ERROR, times=1, edge="message_attachments")

    with pytest.raises(SendError) as caught:
        page.send(Bubble("Cam đây ạ.", image=ORANGE))

    assert (caught.value.reason, caught.value.permanent) == (Reason.LATER, False)
    assert page.graph.to(page.lan) == []
    assert uploads(page.database) == []


def test_each_page_has_ids_of_its_own(page: Page) -> None:
    other = account(page.database, "messenger", OTHER_PAGE, TOKEN)
    hoa = page.graph.join(OTHER_PAGE, "Hoa")
    at = int(page.clock().timestamp() * 1000)
    item = {
        "sender": {"id": hoa},
        "recipient": {"id": OTHER_PAGE},
        "timestamp": at,
        "message": {"mid": "m", "text": "a"},
    }
    page.graph.heard(OTHER_PAGE, item)

    page.send(Bubble("Cam đây ạ.", image=ORANGE))
    deliver(page.courier, reply(other, "messenger", hoa, Bubble("Cam đây ạ.", image=ORANGE)))

    assert len(page.graph.book.saved) == 2
    assert sorted(uploads(page.database)) == sorted(page.graph.book.saved)


@pytest.mark.parametrize(
    ("typing", "bubble", "signs"),
    [
        ("auto", Bubble("Chào chị."), 0),
        ("auto", Bubble("Cam đây ạ.", image=ORANGE), 1),
        ("always", Bubble("Chào chị."), 1),
        ("always", Bubble("Cam đây ạ.", image=ORANGE), 1),
        ("never", Bubble("Chào chị."), 0),
        ("never", Bubble("Cam đây ạ.", image=ORANGE), 0),
    ],
)
def test_dots_are_shown_where_they_are_wanted(page: Page, typing: str, bubble: Bubble, signs: int) -> None:
    page.courier.typing = typing

    page.send(bubble)

    assert [action.name for action in page.graph.actions] == ["mark_seen", "typing_on"] * signs
    assert [one.text for one in page.graph.to(page.lan)][-1] == bubble.text


def test_no_dots_where_the_picture_is_there_already(page: Page) -> None:
    page.send(Bubble("Cam đây ạ.", image=ORANGE))
    page.graph.actions.clear()

    page.send(Bubble("Cam đây ạ.", image=ORANGE))

    assert page.graph.actions == []


@pytest.mark.parametrize(
    "mode", [graph_faults.Mode.ERROR, graph_faults.Mode.RESET, graph_faults.Mode.HTML, graph_faults.Mode.THROTTLED]
)
def test_a_sign_that_fails_does_not_stop_the_reply(page: Page, mode: graph_faults.Mode) -> None:
    page.courier.typing = "always"
    page.graph.behave(mode, times=2, edge="messages")

    page.send(Bubble("Chào chị."))

    assert page.graph.calls[mode] == 2
    assert (page.graph.actions, [one.text for one in page.graph.to(page.lan)]) == ([], ["Chào chị."])


def test_a_receipt_that_is_refused_is_left_out_and_the_words_stand(page: Page) -> None:
    for _ in range(2):
        page.send(Bubble("Đơn DH2345 đã đặt ạ.", receipt=PAPER))  # the number of a receipt must be unique

    shown = page.graph.to(page.lan)
    assert [(one.text, one.receipt is not None) for one in shown] == [
        ("Đơn DH2345 đã đặt ạ.", False),
        ("", True),
        ("Đơn DH2345 đã đặt ạ.", False),
    ]


def test_words_that_are_refused_for_their_form_are_not_taken_for_a_receipt(page: Page) -> None:
    wrong = graph_faults.Behaviour(graph_faults.Mode.REFUSING, refusal=GraphRefused(100, "(#100) Param text"))
    page.graph.behave(wrong, times=1, edge="messages")

    with pytest.raises(SendError) as caught:
        page.send(Bubble("Chào chị."))

    assert (caught.value.reason, caught.value.permanent) == (Reason.SHAPE, True)


def test_a_receipt_that_is_not_refused_for_its_form_is_tried_again(page: Page) -> None:
    one = reply(page.account_id, "messenger", page.lan, Bubble("Đơn đã đặt ạ.", receipt=PAPER))
    words, paper = page.courier.render(one, Way.REPLY)
    page.courier.send(sending_of(one, words))
    page.graph.behave(graph_faults.Mode.ERROR, times=1, edge="messages")

    with pytest.raises(SendError):
        page.courier.send(sending_of(one, paper, 1))


def test_the_echo_of_a_message_tells_that_it_arrived_and_of_no_other(page: Page) -> None:
    one = page.send(Bubble("Chào chị."))
    item = {
        "sender": {"id": PAGE},
        "recipient": {"id": page.lan},
        "timestamp": 1_795_228_800_000,
        "message": {"mid": "m_1", "is_echo": True, "app_id": 9, "text": "Chào chị.", "metadata": f"out:{one.id}.0"},
    }
    body = {"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [item]}]}
    echoes = [(page.account_id, found) for found in messenger.parse(body, NOW, "9")]
    sendings = [sending_of(one, {"text": "x"}, place) for place in (0, 1)]
    with page.database.writing() as db:
        assert [page.courier.arrived(db, sending) for sending in sendings] == [False, False]
        inbox.receive(db, echoes, NOW)
        assert [page.courier.arrived(db, sending) for sending in sendings] == [True, False]


def test_a_template_goes_as_utility_with_all_its_parameters_and_no_other(page: Page) -> None:
    page.graph.book.page(PAGE).templates["don_moi", "vi"] = GraphTemplate(
        "1", "don_moi", "vi", True, [{"type": "BODY", "text": "Bác ơi, đơn {{code}} có {{goods}} rồi đó bác ạ."}]
    )
    with page.database.writing() as db:
        keep_template(db, page.account_id, "order_new", "don_moi", parameters="code,goods", status="APPROVED")
    page.clock.advance(days=30)  # long after her window
    news = Bubble("Đơn DH2345.", notice=NEWS)

    assert page.courier.has_template(reply(page.account_id, "messenger", page.lan, news))
    page.send(news, Way.TEMPLATE)

    assert [one.text for one in page.graph.to(page.lan)] == ["Bác ơi, đơn DH2345 có 2 kg cam rồi đó bác ạ."]
    with pytest.raises(SendError) as caught:
        page.send(Bubble("Chào chị."))
    assert (caught.value.reason, caught.value.waits) == (Reason.WINDOW, True)


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_a_template_that_is_not_approved_is_none(page: Page, status: str) -> None:
    with page.database.writing() as db:
        keep_template(db, page.account_id, "order_new", "don_moi", parameters="code", status=status)
    news = reply(page.account_id, "messenger", page.lan, Bubble("Đơn DH2345.", notice=NEWS))

    assert not page.courier.has_template(news)
    assert page.courier.render(news, Way.TEMPLATE) == []


# Zalo


@dataclass(slots=True)
class Office:
    """An OA with a grant, a courier for it, and lan, who wrote a moment ago."""

    database: Database
    zalo: Zalo
    clock: ZaloClock
    account_id: int
    courier: ZaloCourier
    phone: Phone

    def send(self, bubble: Bubble, way: Way = Way.REPLY) -> None:
        deliver(self.courier, self.reply(bubble), way)

    def reply(self, bubble: Bubble) -> Outgoing:
        return reply(self.account_id, "zalo", self.phone.user_id, bubble)

    def refuses(self, code: int, times: int, call: str = "/v3.0/oa/message/cs") -> None:
        refusal = zalo_faults.Behaviour(zalo_faults.Mode.REFUSING, refusal=ZaloRefused(code))
        self.zalo.behave(refusal, times, call=call)

    def calls(self, path: str) -> int:
        return self.zalo.requests.count(("POST", path))

    @property
    def sends(self) -> int:
        return self.calls("/v3.0/oa/message/cs")

    @property
    def renewals(self) -> int:
        return self.calls("/v4/oa/access_token")


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
        courier = ZaloCourier(client, database, grants, Pictures(database, picture, clock), FREE, 100)
        phone = zalo.phone(OA, "Lan", "84905000111")
        phone.follow()
        phone.type("alo")
        yield Office(database, zalo, clock, made, courier, phone)
        client.close()
        oauth.close()


def test_a_token_that_has_expired_is_renewed_once_and_the_same_message_goes(office: Office) -> None:
    office.clock.advance(hours=26)

    for words in ("Một.", "Hai."):
        office.send(Bubble(words))

    assert [one.text for one in office.phone.bubbles] == ["Một.", "Hai."]
    assert (office.renewals, office.sends) == (1, 3)


def test_a_fresh_token_that_is_refused_as_well_pauses_the_account(office: Office) -> None:
    office.refuses(-216, times=2)

    with pytest.raises(SendError) as caught:
        office.send(Bubble("Một."))

    assert (caught.value.reason, caught.value.pauses) == (Reason.TOKEN, True)
    assert (office.renewals, office.sends, office.phone.bubbles) == (1, 2, [])


def test_a_grant_that_is_lost_pauses_the_account(office: Office) -> None:
    office.zalo.revoke(OA)

    with pytest.raises(SendError) as caught:
        office.send(Bubble("Một."))

    assert (caught.value.reason, caught.value.pauses) == (Reason.TOKEN, True)


@pytest.mark.parametrize("code", [-233, -224])
def test_where_buttons_are_refused_numbers_go_and_that_is_remembered_for_an_hour(office: Office, code: int) -> None:
    office.zalo.switches.buttons = code
    question = Bubble("Đúng chưa ạ?", YES_NO)

    office.send(question)
    assert office.sends == 2
    office.send(question)
    assert office.sends == 3  # nobody tries the buttons again

    assert [(one.text, one.titles) for one in office.phone.bubbles] == [("Đúng chưa ạ?\n1. Đúng\n2. Sửa", ())] * 2
    left = office.courier._without[office.account_id] - time.monotonic()
    assert BUTTONS_REST - 30 < left <= BUTTONS_REST == 3600


def test_after_that_hour_buttons_are_tried_again(office: Office) -> None:
    office.zalo.switches.buttons = -233
    office.send(Bubble("Đúng chưa ạ?", YES_NO))
    office.zalo.switches.buttons = 0
    office.courier._without[office.account_id] = time.monotonic() - 1  # as it is an hour later

    office.send(Bubble("Đúng chưa ạ?", YES_NO))

    assert [one.titles for one in office.phone.bubbles] == [(), ("Đúng", "Sửa")]


def test_a_package_that_allows_no_message_at_all_is_no_matter_of_buttons(office: Office) -> None:
    office.refuses(-224, times=2)

    with pytest.raises(SendError) as caught:
        office.send(Bubble("Đúng chưa ạ?", YES_NO))

    assert (caught.value.reason, caught.value.pauses) == (Reason.PACKAGE, True)
    assert (office.sends, office.courier._without) == (2, {})


@pytest.mark.parametrize("code", [-201, -213, -230, -244, -32, -200, -320])
def test_any_other_refusal_of_a_message_with_buttons_is_not_sent_twice(office: Office, code: int) -> None:
    office.refuses(code, times=1)

    with pytest.raises(SendError):
        office.send(Bubble("Đúng chưa ạ?", YES_NO))

    assert (office.sends, office.phone.bubbles) == (1, [])


def test_an_oa_whose_setting_is_without_buttons_never_tries_them(office: Office) -> None:
    office.courier.buttons = False

    office.send(Bubble("Đúng chưa ạ?", YES_NO))

    assert [(one.text, one.titles) for one in office.phone.bubbles] == [("Đúng chưa ạ?\n1. Đúng\n2. Sửa", ())]
    assert office.sends == 1


def test_a_picture_is_uploaded_once_in_seven_days(office: Office) -> None:
    for _ in range(2):
        office.send(Bubble("Cam đây ạ.", image=ORANGE))
    assert len(office.zalo.state.uploads) == 1
    office.clock.advance(days=7)
    office.phone.type("alo")

    office.send(Bubble("Cam đây ạ.", image=ORANGE))

    assert uploads(office.database) == list(office.zalo.state.uploads)[1:] == [office.phone.bubbles[-2].image]
    assert [(one.kind, one.text) for one in office.phone.bubbles] == [("image", ""), ("text", "Cam đây ạ.")] * 3


def test_an_upload_that_the_platform_calls_too_old_is_made_anew(office: Office) -> None:
    office.send(Bubble("Cam đây ạ.", image=ORANGE))
    office.refuses(-100, times=1)

    office.send(Bubble("Cam đây ạ.", image=ORANGE))

    assert office.calls("/v2.0/oa/upload/image") == 2
    assert [one.kind for one in office.phone.bubbles] == ["image", "text"] * 2
    assert uploads(office.database) == [office.phone.bubbles[2].image]


def test_a_picture_that_is_refused_twice_is_left_out_and_the_words_go(office: Office) -> None:
    office.send(Bubble("Một.", image=ORANGE))
    office.refuses(-100, times=2)

    office.send(Bubble("Hai.", image=ORANGE))

    assert [(one.kind, one.text) for one in office.phone.bubbles] == [("image", ""), ("text", "Một."), ("text", "Hai.")]


@pytest.mark.parametrize(
    "words", ["Một dòng.", "Hai\ndòng đây ạ.", "Ba\n\n  dòng \nvới  khoảng trắng", "Tiếng Việt: ệ ữ ợ 👍🏿"]
)
def test_the_echo_of_words_tells_that_they_arrived_and_of_no_other(office: Office, words: str) -> None:
    office.zalo.switches.echo = Echo.SOON
    posted: list[dict[str, Any]] = []

    def post(body: bytes, _headers: Mapping[str, str]) -> int:
        posted.append(json.loads(body))
        return 200

    office.zalo.connect(APP, post)
    one = office.reply(Bubble(words, YES_NO))
    (message,) = office.courier.render(one, Way.REPLY)
    sending = sending_of(one, message)
    other = sending_of(one, {"text": words + "!"})
    office.courier.send(sending)
    office.zalo.settle()
    echoes = [found for body in posted for found in parse_zalo(body, NOW)]
    assert [type(found.event) for found in echoes] == [Silent]

    with office.database.writing() as db:
        assert not office.courier.arrived(db, sending)
        inbox.receive(db, [(office.account_id, echo) for echo in echoes], NOW)
        assert office.courier.arrived(db, sending)
        assert not office.courier.arrived(db, other)


def test_an_echo_from_before_the_first_try_or_of_another_person_says_nothing(office: Office) -> None:
    one = office.reply(Bubble("Chào chị."))
    sending = sending_of(one, {"text": "Chào chị."})
    echo = Silent("echo", "Chào chị.")
    earlier = NOW - APART - timedelta(milliseconds=1)
    with office.database.writing() as db:
        arrivals = [
            Inbound(OA, office.phone.user_id, "e1", earlier, echo),
            Inbound(OA, "somebody else", "e2", NOW, echo),
            Inbound(OA, office.phone.user_id, "e3", NOW, Silent("receipt", "Chào chị.")),
        ]
        inbox.receive(db, [(office.account_id, arrival) for arrival in arrivals], NOW)  # they were delivered late
        assert not office.courier.arrived(db, sending)
        assert not office.courier.arrived(db, sending_of(one, {"image": ORANGE}))
        assert office.courier.arrived(db, replace(sending, since=earlier))


def test_zalos_clock_may_be_a_little_behind_ours(office: Office) -> None:
    one = office.reply(Bubble("Chào chị."))
    echo = Inbound(OA, office.phone.user_id, "e1", NOW - APART, Silent("echo", "Chào chị."))
    with office.database.writing() as db:
        inbox.receive(db, [(office.account_id, echo)], NOW)
        assert office.courier.arrived(db, sending_of(one, {"text": "Chào chị."}))


def test_an_echo_that_came_before_what_the_reply_answers_says_nothing(office: Office) -> None:
    echo = Inbound(OA, office.phone.user_id, "e1", NOW, Silent("echo", "Chào chị."))
    with office.database.writing() as db:
        inbox.receive(db, [(office.account_id, echo)], NOW)
        cause = db.scalars(select(InboxRow.id).where(InboxRow.key == "e1")).one()
        for before, arrived in ((cause - 1, True), (cause, False)):
            one = replace(office.reply(Bubble("Chào chị.")), inbox_id=before)
            assert office.courier.arrived(db, sending_of(one, {"text": "Chào chị."})) is arrived


@pytest.mark.parametrize("reason", [Reason.MEDIA, Reason.SHAPE, Reason.QUOTA, Reason.RIGHTS])
def test_whatever_is_refused_about_a_picture_leaves_it_out(database: Database, reason: Reason) -> None:
    made = account(database, "messenger", PAGE, TOKEN)
    pictures = Pictures(database, picture, lambda: NOW)
    refused = 0

    def refuse(_id: str) -> None:
        nonlocal refused
        refused += 1
        raise SendError("refused", reason=reason, permanent=True)

    pictures.send(made, ORANGE, timedelta(days=1), upload=lambda _bytes: "u1", send=refuse)
    assert (refused, uploads(database)) == (1, ["u1"])

    pictures.send(made, ORANGE, timedelta(days=1), upload=lambda _bytes: "u2", send=refuse)
    assert (refused, uploads(database)) == (3, ["u2"])  # by the known id, and by a fresh one


@pytest.mark.parametrize(
    "error",
    [
        *(SendError("passing", reason=reason) for reason in (Reason.LATER, Reason.UNREACHABLE)),
        SendError("token", reason=Reason.TOKEN, pauses=True),
        SendError("expired", reason=Reason.EXPIRED),
        SendError("gone", reason=Reason.GONE, permanent=True),
        SendError("window", reason=Reason.WINDOW, waits=True),
        SendError("held", reason=Reason.HELD, waits=True),
        SendError("read timeout", reason=Reason.MEDIA, unknown=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("known", [True, False])
def test_a_failure_that_is_not_about_the_picture_is_the_replys(
    database: Database, error: SendError, known: bool
) -> None:
    made = account(database, "messenger", PAGE, TOKEN)
    pictures = Pictures(database, picture, lambda: NOW)
    if known:
        pictures.send(made, ORANGE, timedelta(days=1), upload=lambda _bytes: "u1", send=lambda _id: None)

    def fail(_id: str) -> None:
        raise error

    with pytest.raises(SendError) as caught:
        pictures.send(made, ORANGE, timedelta(days=1), upload=lambda _bytes: "u1", send=fail)

    assert caught.value is error
    assert uploads(database) == ["u1"]


def test_a_template_goes_by_user_id_with_the_parameters_it_has_and_no_other(office: Office) -> None:
    oa = office.zalo.oa(OA)
    parameters = (Parameter("code", "CODE"), Parameter("goods", "NOTE"))
    oa.templates["7"] = ZaloTemplate("7", "Đơn mới", "Đơn <code>: <goods>.", parameters)
    with office.database.writing() as db:
        keep_template(db, office.account_id, "order_new", "7", parameters="code,goods", status="APPROVED")
    office.clock.advance(days=30)

    office.send(Bubble("Đơn DH2345.", notice=NEWS), Way.TEMPLATE)

    assert [(one.kind, one.text) for one in office.phone.bubbles] == [("zbs", "Đơn DH2345: 2 kg cam.")]
    assert oa.charged == 200
    assert len(office.zalo.state.notices) == 1


def test_what_is_no_notice_has_no_template(office: Office) -> None:
    plain = office.reply(Bubble("Chào chị."))

    assert not office.courier.has_template(plain)
    assert office.courier.render(plain, Way.TEMPLATE) == office.courier.render(plain, Way.REPLY)


# Zalo's bot platform


def test_a_bot_sends_words_with_numbers_and_a_picture_by_its_address(database: Database) -> None:
    made = account(database, "zalobot", "1459232241454765289", BOT_TOKEN)
    caller = Caller(timeouts=(1.0, 1.0))
    with ZaloBot(clock=ZaloClock()) as platform:
        platform.phone(platform.bot(BOT_TOKEN), "Mến", CHAT).type("alo")
        client = ZaloBotClient(platform.url, caller)
        for public_url in ("https://cho.example", "http://127.0.0.1:8000"):
            courier = ZaloBotCourier(client, Tokens(database), public_url)
            deliver(courier, reply(made, "zalobot", CHAT, Bubble("Cam đây ạ.", YES_NO, image=ORANGE)))
        shown = [(one.bubble.text, one.bubble.image) for one in platform.delivered]
    caller.close()

    words = "Cam đây ạ.\n1. Đúng\n2. Sửa"
    assert shown == [(words, f"https://cho.example{ORANGE}"), (words, "")]


def test_a_bot_hears_no_echo_and_has_no_template(database: Database) -> None:
    caller = Caller()
    courier = ZaloBotCourier(ZaloBotClient("http://127.0.0.1:9", caller), Tokens(database))
    news = reply(1, "zalobot", CHAT, Bubble("Đơn DH2345.", notice=NEWS))
    caller.close()

    assert not courier.has_template(news)
    with database.reading() as db:
        assert not courier.arrived(db, sending_of(news, {"text": "Đơn DH2345."}))


# Tokens


def test_an_account_without_a_token_is_paused_before_anything_is_sent(database: Database) -> None:
    tokens = Tokens(database)
    empty, other = account(database, "messenger", PAGE, ""), account(database, "messenger", OTHER_PAGE, TOKEN)

    with pytest.raises(SendError) as caught:
        tokens.of(empty)

    assert (caught.value.reason, caught.value.pauses) == (Reason.TOKEN, True)
    assert tokens.of(other) == (OTHER_PAGE, TOKEN)


def test_a_token_is_looked_up_once_in_a_while_and_not_for_every_reply(database: Database) -> None:
    tokens, made = Tokens(database), account(database, "messenger", PAGE, TOKEN)
    looks: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: looks.append(call[2]))

    assert [tokens.of(made) for _ in range(5)] == [(PAGE, TOKEN)] * 5

    assert len([look for look in looks if "FROM account" in look]) == 1


def test_of_many_who_ask_for_a_token_that_is_no_longer_fresh_one_looks_and_the_others_go(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, made = Tokens(database), account(database, "messenger", PAGE, TOKEN)
    assert tokens.known(made) is None
    assert tokens.of(made) == (PAGE, TOKEN)
    assert [tokens.known(made) for _ in range(2)] == [(PAGE, TOKEN)] * 2
    account(database, "messenger", PAGE, "another")
    monkeypatch.setattr("bot.run.couriers.tokens.FRESH_S", 0.0)

    assert [tokens.known(made) for _ in range(3)] == [None, (PAGE, TOKEN), (PAGE, TOKEN)]
    assert tokens.of(made) == (PAGE, "another")
    monkeypatch.setattr("bot.run.couriers.tokens.OLD_S", 0.0)
    assert tokens.known(made) is None


def test_a_token_that_was_refused_is_looked_up_at_once(database: Database) -> None:
    tokens, made = Tokens(database), account(database, "messenger", PAGE, TOKEN)
    assert tokens.of(made) == (PAGE, TOKEN)
    account(database, "messenger", PAGE, "another")
    assert tokens.of(made) == (PAGE, TOKEN)

    tokens.forget(made)

    assert tokens.known(made) is None
    assert tokens.of(made) == (PAGE, "another")


def test_while_the_database_is_gone_the_token_that_was_known_does(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Moody(Database):
        gone = False

        def reading(self) -> Any:
            if self.gone:
                raise OperationalError("SELECT", {}, Exception("gone"))
            return super().reading()

    moody = Moody(database.url, database.vault)
    tokens, made = Tokens(moody), account(database, "messenger", PAGE, TOKEN)
    assert tokens.of(made) == (PAGE, TOKEN)
    monkeypatch.setattr("bot.run.couriers.tokens.FRESH_S", 0.0)
    moody.gone = True

    assert tokens.of(made) == (PAGE, TOKEN)
    monkeypatch.setattr("bot.run.couriers.tokens.OLD_S", 0.0)
    with pytest.raises(SendError) as caught:
        tokens.of(made)
    moody.close()

    assert (caught.value.pauses, caught.value.permanent) == (False, False)
    assert TOKEN not in repr(tokens._kept)


# In the sender's hands


def promise(database: Database, account_id: int, address: str, bubble: Bubble, now: datetime) -> int:
    """A reply to somebody who wrote just now: its id."""
    with database.writing() as db:
        channel = db.get_one(Account, account_id).channel
        talk = conversation_of(db, account_id, address, now)
        talk.touched_at = now
        row = OutboxRow(
            account_id=account_id,
            channel=channel,
            address=address,
            conversation_id=talk.id,
            inbox_id=1,
            created_at=now,
        )
        outbox.put(db, row, bubble)
        db.flush()
        return row.id


def fate(database: Database, outbox_id: int) -> OutboxRow:
    with database.reading() as db:
        return db.get_one(OutboxRow, outbox_id)


def run(database: Database, channel: str, courier: Courier, now: datetime, done: Callable[[], object]) -> None:
    sender = Sender(database, {channel: courier}, lambda: now, 2)
    sender.start()
    sender.wake()
    try:
        eventually(done, "the reply's fate")
    finally:
        sender.stop(PATIENCE_S)


def test_an_order_whose_receipt_is_refused_is_marked_as_sent(page: Page) -> None:
    page.graph.book.page(PAGE).order_numbers.add("DH2345")
    sent = promise(page.database, page.account_id, page.lan, Bubble("Đơn ạ.", receipt=PAPER), NOW)

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent).sent_at)

    assert [one.text for one in page.graph.to(page.lan)] == ["Đơn ạ."]
    with page.database.reading() as db:
        assert open_cases(db) == []


def test_a_message_whose_answer_was_lost_and_whose_echo_came_is_not_sent_again(page: Page) -> None:
    page.graph.behave(graph_faults.Mode.HALF, times=1, edge="messages")

    def echo(delivered: Any) -> None:
        with page.database.writing() as db:
            arrival = Inbound(PAGE, page.lan, messenger.echo_key(delivered.bubble.metadata), NOW, Silent("echo"))
            inbox.receive(db, [(page.account_id, arrival)], NOW)

    page.graph._on_delivery = echo
    sent = promise(page.database, page.account_id, page.lan, Bubble("Chào chị."), NOW)

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent).sent_at)

    assert [one.text for one in page.graph.to(page.lan)] == ["Chào chị."]


def test_a_token_that_was_replaced_a_moment_ago_costs_no_pause_and_no_try(page: Page) -> None:
    assert page.courier.tokens.of(page.account_id) == (PAGE, TOKEN)
    page.graph.tokens[PAGE] = "a new one"
    account(page.database, "messenger", PAGE, "a new one")
    sent = [promise(page.database, page.account_id, page.lan, Bubble(words), NOW) for words in ("Một.", "Hai.")]

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent[-1]).sent_at)

    assert [one.text for one in page.graph.to(page.lan)] == ["Một.", "Hai."]
    assert [fate(page.database, one).tries for one in sent] == [0, 0]
    with page.database.reading() as db:
        assert open_cases(db) == []


def test_a_thread_that_is_ours_again_is_taken_back_on_the_way(page: Page) -> None:
    page.graph.default_app = page.graph.app_id
    assert page.courier.tokens.of(page.account_id) == (PAGE, TOKEN)
    page.graph.hold(PAGE, page.lan, INBOX_APP)
    sent = promise(page.database, page.account_id, page.lan, Bubble("Em đây ạ."), NOW)
    with page.database.writing() as db:
        db.get_one(OutboxRow, sent).reclaims = True

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent).sent_at)

    assert [one.text for one in page.graph.to(page.lan)] == ["Em đây ạ."]
    assert fate(page.database, sent).tries == 0


@pytest.mark.parametrize("typing", ["auto", "always", "never"])
def test_a_call_is_ready_only_where_it_is_one_call_and_the_token_is_known(page: Page, typing: str) -> None:
    page.courier.typing = typing
    one = reply(page.account_id, "messenger", page.lan, Bubble("Cam đây ạ.", image=ORANGE))
    picture_first, words = page.courier.render(one, Way.REPLY)
    sendings = [sending_of(one, picture_first), sending_of(one, words, 1), sending_of(one, words)]

    assert isinstance(page.courier, HotCourier)
    assert [page.courier.ready(sending) for sending in sendings] == [None, None, None]
    page.courier.tokens.of(page.account_id)
    calls = [page.courier.ready(sending) for sending in sendings]

    assert [call is not None for call in calls] == [False, True, typing != "always"]
    assert {repr(call) for call in calls} == {"None", "Call()"}


def test_an_oa_whose_grant_is_lost_is_paused_with_one_case_and_its_reply_waits(office: Office) -> None:
    office.zalo.revoke(OA)
    now = office.clock()
    waits = promise(office.database, office.account_id, office.phone.user_id, Bubble("Chào chị."), now)

    run(office.database, "zalo", office.courier, now, lambda: fate(office.database, waits).tries)

    row = fate(office.database, waits)
    assert (row.sent_at, row.dead_at, row.held_at, row.reason) == (None, None, None, "token")
    with office.database.reading() as db:
        assert db.get_one(Account, office.account_id).pause_reason == "token"
        assert [case.subject for case in open_cases(db)] == [f"zalo {OA}: token"]
        assert db.scalars(select(Conversation.owed)).all() == [False]
