"""What a message may hold, what uploads may be, and what a person sees of it."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import COOP, OTHER, Caller, two_coops
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_hand import lines_of
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Button, Card, File, Shown

PICTURE = "https://chophien.example/oi.jpg"
PNG, JPEG, GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"
ASK = {"title": "Mua", "type": "oa.query.show", "payload": "mua 1"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        yield zalo


@pytest.fixture
def caller(zalo: Zalo) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(zalo.url, zalo.grant(COOP).access_token, session)


@pytest.fixture
def ha(zalo: Zalo) -> Phone:
    """She has just written."""
    phone = zalo.phone(COOP, "Hà", "84905000111")
    phone.type("chào")
    return phone


def template(**payload: object) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def media(**element: object) -> dict[str, Any]:
    return template(template_type="media", elements=[element])


def buttons(*found: object) -> dict[str, Any]:
    return {"text": "Bác chọn ạ", **template(buttons=list(found))}


def form(**changes: object) -> dict[str, Any]:
    element = {"title": "Địa chỉ nhận hàng", "subtitle": "Bác điền giúp", "image_url": PICTURE, **changes}
    return template(template_type="request_user_info", elements=[element])


def sms(content: str) -> dict[str, Any]:
    return {"title": "Nhắn", "type": "oa.open.sms", "payload": {"phone_code": "0905000111", "content": content}}


CARD = {"title": "Ổi", "subtitle": "20.000đ/kg", "image_url": PICTURE}
CARDS = template(template_type="list", elements=[CARD, {"title": "Mít"}], buttons=[])


@pytest.mark.parametrize(
    ("message", "seen"),
    [
        ({"text": "ổ" * 2000}, Shown("ổ" * 2000)),
        (buttons(ASK), Shown("Bác chọn ạ", (Button("Mua", "oa.query.show", "mua 1"),))),
        (media(media_type="image", url=PICTURE), Shown(image=PICTURE, kind="image")),
        ({"text": "Ổi", **media(media_type="image", url=PICTURE)}, Shown("Ổi", image=PICTURE, kind="image")),
        (media(media_type="gif", url=PICTURE, width=4, height=3), Shown(image=PICTURE, kind="gif")),
        (media(media_type="sticker", attachment_id="bfe458bf"), Shown(image="bfe458bf", kind="sticker")),
        (form(), Shown(kind="request_user_info", cards=(Card("Địa chỉ nhận hàng", "Bác điền giúp", PICTURE),))),
    ],
)
def test_a_good_message_is_seen_as_it_was_meant(
    caller: Caller, ha: Phone, message: dict[str, Any], seen: Shown
) -> None:
    assert caller.error(ha.user_id, message) == (0, "Success")
    assert ha.bubbles == [seen]


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ({"text": ""}, -201, "text is invalid!"),
        ({"text": " \n"}, -201, "text is invalid!"),
        ({"text": 5}, -201, "text is invalid!"),
        ({}, -201, "text is invalid!"),
        (None, -201, "message is invalid!"),
        ({"text": "a" * 2001}, -210, "Parameter text exceeds allowable limit"),
        (
            {"text": "o\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING HOOK ABOVE}" * 700},
            -210,
            "Parameter text exceeds allowable limit",
        ),
        (buttons(), -201, "buttons is invalid!"),
        (buttons(*[ASK] * 6), -210, "Parameter buttons exceeds allowable limit"),
        (buttons({**ASK, "title": "a" * 101}), -210, "Parameter title exceeds allowable limit"),
        (buttons({**ASK, "title": ""}), -201, "title is invalid!"),
        (buttons({**ASK, "payload": "a" * 1001}), -210, "Parameter payload exceeds allowable limit"),
        (buttons({**ASK, "payload": {"url": PICTURE}}), -201, "payload is invalid!"),
        (buttons({**ASK, "type": "postback"}), -201, "type is invalid!"),
        (buttons({**ASK, "type": "oa.open.url"}), -201, "payload is invalid!"),
        (buttons({**ASK, "type": "oa.open.url", "payload": {"url": "chophien"}}), -201, "url is invalid!"),
        (buttons({**ASK, "type": "oa.open.phone", "payload": {"phone_code": "x"}}), -201, "phone_code is invalid!"),
        (buttons(sms("a" * 161)), -210, "Parameter content exceeds allowable limit"),
        (template(buttons=[ASK]), -201, "text is invalid!"),
        (media(media_type="image", url=PICTURE, attachment_id="1"), -201, "attachment_id is invalid!"),
        (media(media_type="image"), -201, "attachment_id is invalid!"),
        (media(media_type="image", attachment_id="never uploaded"), -201, "attachment_id is invalid!"),
        (media(media_type="image", url="ftp://x/y.jpg"), -201, "url is invalid!"),
        (media(media_type="video", url=PICTURE), -201, "media_type is invalid!"),
        (media(media_type="gif", url=PICTURE), -201, "width is invalid!"),
        (media(media_type="gif", url=PICTURE, width=4), -201, "height is invalid!"),
        (template(template_type="media", elements=[]), -201, "elements is invalid!"),
        (template(template_type="request_user_info", elements=[CARD, CARD]), -201, "elements is invalid!"),
        (form(title="a" * 101), -210, "Parameter title exceeds allowable limit"),
        (form(subtitle="a" * 501), -210, "Parameter subtitle exceeds allowable limit"),
        (form(image_url=""), -201, "image_url is invalid!"),
        (template(template_type="button", buttons=[ASK]), -233, "Message type is invalid or not support"),
        (CARDS, -233, "Message type is invalid or not support"),
        ({"attachment": {"type": "file", "payload": {"token": "x"}}}, -201, "token is invalid!"),
        ({"text": "a", "quote_message_id": "never sent"}, -201, "quote_message_id is invalid!"),
    ],
)
def test_a_bad_message_is_refused_by_name_and_not_seen(
    *, caller: Caller, ha: Phone, message: dict[str, Any], code: int, words: str
) -> None:
    assert caller.error(ha.user_id, message) == (code, words)
    assert ha.bubbles == []


def test_a_body_that_is_not_json_is_refused(zalo: Zalo, caller: Caller) -> None:
    headers = {"access_token": caller.token}
    for body in (b"{", b"[]", b"", b"\xff"):
        answer = requests.post(f"{zalo.url}/v3.0/oa/message/cs", data=body, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()) == (200, {"error": -201, "message": "Params is invalid!"})


@pytest.mark.parametrize("user_id", ["", 5, None])
def test_a_user_id_is_a_string(caller: Caller, user_id: object) -> None:
    answer = caller.post("/v3.0/oa/message/cs", {"recipient": {"user_id": user_id}, "message": {"text": "a"}}).json()

    assert answer == {"error": -201, "message": "user_id is invalid!"}


def test_all_five_kinds_of_buttons_are_seen(caller: Caller, ha: Phone) -> None:
    five = buttons(
        ASK,
        {**ASK, "type": "oa.query.hide"},
        {"title": "Xem", "type": "oa.open.url", "payload": {"url": "https://chophien.example/t/1"}},
        {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "0905000111"}},
        sms("m" * 160),
    )

    assert caller.error(ha.user_id, five)[0] == 0
    assert [(one.title, one.payload) for one in ha.bubbles[0].buttons] == [
        ("Mua", "mua 1"),
        ("Mua", "mua 1"),
        ("Xem", "https://chophien.example/t/1"),
        ("Gọi", "0905000111"),
        ("Nhắn", "0905000111 " + "m" * 160),
    ]


def test_decomposed_vietnamese_is_longer(caller: Caller, ha: Phone) -> None:
    assert caller.error(ha.user_id, {"text": "o\N{COMBINING HOOK ABOVE}" * 1000})[0] == 0
    assert caller.error(ha.user_id, {"text": "o\N{COMBINING HOOK ABOVE}" * 1001})[0] == -210


@pytest.mark.parametrize("code", [-233, -224])
def test_buttons_can_be_refused_while_texts_pass(zalo: Zalo, caller: Caller, ha: Phone, code: int) -> None:
    zalo.switches.buttons = code

    assert caller.error(ha.user_id, buttons(ASK))[0] == code
    assert caller.error(ha.user_id, {"text": "1. Mua"})[0] == 0
    assert ha.bubbles == [Shown("1. Mua")]


def test_lists_pass_where_the_switch_says_so(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.switches.lists = 0

    assert caller.error(ha.user_id, CARDS)[0] == 0
    assert ha.bubbles == [Shown(kind="list", cards=(Card("Ổi", "20.000đ/kg", PICTURE), Card("Mít")))]
    six = template(template_type="list", elements=[CARD] * 6)
    bare = template(template_type="list", elements=[{"title": "Ổi"}])
    assert [caller.error(ha.user_id, message)[0] for message in (six, bare)] == [-210, -201]
    zalo.switches.lists = -224
    assert caller.error(ha.user_id, CARDS)[0] == -224


def test_an_answer_can_quote_what_she_wrote(caller: Caller, ha: Phone) -> None:
    message_id = ha.window[0].message_id

    assert caller.error(ha.user_id, {"text": "Dạ", "quote_message_id": message_id})[0] == 0
    assert ha.bubbles == [Shown("Dạ", quote=message_id)]


def test_an_uploaded_picture_can_be_sent_for_seven_days(caller: Caller, zalo: Zalo, ha: Phone, clock: Clock) -> None:
    answer = caller.upload("image", "oi.png", PNG)
    picture = answer["data"]["attachment_id"]
    message = media(media_type="image", attachment_id=picture)
    assert (answer["error"], list(answer["data"])) == (0, ["attachment_id"])

    clock.advance(days=6, hours=23)
    caller.token = zalo.grant(COOP).access_token
    assert caller.error(ha.user_id, message)[0] == 0
    clock.advance(hours=1)
    ha.type("còn không")
    assert caller.error(ha.user_id, message) == (-100, "attachment_id was expired")
    assert ha.bubbles == [Shown(image=picture, kind="image")]
    assert requests.get(f"{zalo.url}/media/{picture}", timeout=10).content == PNG


def test_an_upload_belongs_to_its_kind_and_its_account(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    gif = caller.upload("gif", "a.gif", GIF)["data"]["attachment_id"]
    paper = caller.upload("file", "gia.pdf", b"%PDF-1.7")["data"]
    assert list(paper) == ["token"]
    file = {"attachment": {"type": "file", "payload": paper}}
    picture = media(media_type="gif", attachment_id=gif, width=4, height=3)

    assert caller.error(ha.user_id, media(media_type="image", attachment_id=gif))[0] == -201
    assert [caller.error(ha.user_id, message)[0] for message in (picture, file)] == [0, 0]
    assert [bubble.kind for bubble in ha.bubbles] == ["gif", "file"]
    there = zalo.phone(OTHER, "Hà", "84905000111")
    there.type("chào")
    caller.token = zalo.grant(OTHER).access_token
    assert caller.error(there.user_id, file)[0] == -201


def test_a_file_shows_its_name_and_opens_with_its_very_bytes(
    caller: Caller, zalo: Zalo, ha: Phone, clock: Clock
) -> None:
    content = b"%PDF-1.7\r\n--x\r\n" + bytes(range(256)) + b"\r\n"
    paper = {"attachment": {"type": "file", "payload": caller.upload("file", "tem cam.pdf", content)["data"]}}

    assert caller.error(ha.user_id, paper)[0] == 0
    [shown] = ha.bubbles
    assert (shown.kind, shown.file, shown.text) == ("file", File("tem cam.pdf", content), "")
    assert lines_of(shown) == [f"📎 tem cam.pdf ({len(content)})"]
    unknown = {"attachment": {"type": "file", "payload": {"token": "never uploaded"}}}
    assert caller.error(ha.user_id, unknown) == (-201, "token is invalid!")
    clock.advance(days=7)
    ha.type("còn không")
    caller.token = zalo.grant(COOP).access_token
    assert caller.error(ha.user_id, paper) == (-100, "attachment_id was expired")


def docx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "name", "content", "code"),
    [
        ("image", "a.jpg", JPEG, 0),
        ("image", "a.png", PNG.ljust(1024 * 1024, b"0"), 0),
        ("image", "a.png", PNG.ljust(1024 * 1024 + 1, b"0"), -210),
        ("image", "a.png", GIF, -201),
        ("image", "a.png", b"", -201),
        ("gif", "a.gif", GIF.ljust(5 * 1024 * 1024 + 1, b"0"), -210),
        ("gif", "a.gif", PNG, -201),
        ("file", "a.docx", docx(), 0),
        ("file", "a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0),
        ("file", "a.csv", "mã,tên\n1,Ổi\n".encode(), 0),
        ("file", "a.pdf", docx(), -201),
        ("file", "a.exe", b"MZ", -201),
        ("file", "a.pdf", b"%PDF-".ljust(5 * 1024 * 1024 + 1, b"0"), -210),
    ],
)
def test_uploads_are_looked_at_and_weighed(*, caller: Caller, kind: str, name: str, content: bytes, code: int) -> None:
    assert caller.upload(kind, name, content)["error"] == code


def test_an_upload_goes_in_the_field_file(caller: Caller) -> None:
    wrong = caller.post("/v2.0/oa/upload/image", files={"image": ("a.png", PNG)}).json()
    none = caller.post("/v2.0/oa/upload/image", {"file": "a.png"}).json()
    words = caller.upload("image", "a.webp", b"RIFF0000WEBP")["message"]

    assert wrong == none == {"error": -201, "message": "file is invalid!"}
    assert words == "file is invalid. We only support png and jpeg"


def test_uploads_end_at_five_thousand_a_month(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    zalo.state.uploads_of_month[COOP, "202611"] = 4999

    assert [caller.upload("image", "a.png", PNG)["error"] for _ in range(2)] == [0, -211]
    clock.advance(days=10)
    caller.token = zalo.grant(COOP).access_token
    assert caller.upload("image", "a.png", PNG)["error"] == 0
