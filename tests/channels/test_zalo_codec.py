"""Every event that Zalo documents, and what we make of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.event import (
    AccountNews,
    ContactCard,
    Event,
    Follow,
    Inbound,
    Location,
    Other,
    Photo,
    Referral,
    Silent,
    Start,
    Sticker,
    TakenOver,
    Tap,
    Text,
    Voice,
    Withdrawn,
)
from handlers.channels.zalo import codec
from handlers.channels.zalo.said import payload_of, phone_of
from tests.simulators import zalo_relations
from tests.simulators.zalo_caller import APP_ID, COOP, OA_SECRET
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_events import Events
from tests.simulators.zalo_world import Oa, Person

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
CLOCK = Clock()
AT = CLOCK()
TIME = "1795226400000"
OA = Oa(COOP, APP_ID, OA_SECRET)
USER = OA.meet(Person("Hà", "84905000111"))
EVENTS = Events(OA, CLOCK, lambda: "96d3cdf3af150460909")
FORM = {"name": "Hà", "phone": "84905000111", "city": "Đắk Lắk", "ward": "Cư M'gar", "address": "Buôn Trấp"}
PICTURE = "http://f6.photo.talk.zdn.vn/oi.jpg"


def only(payload: object) -> Inbound:
    [found] = codec.parse(payload, NOW)
    return found


def event(payload: object) -> Event:
    return only(payload).event


def sent(kind: str, *attachments: object, text: str | None = None) -> dict[str, Any]:
    """A message of hers with attachments as given."""
    message = {"msg_id": "1", "attachments": list(attachments)} | ({} if text is None else {"text": text})
    return EVENTS.between(USER, f"user_send_{kind}", message=message)


def test_a_text_is_hers_and_its_key_is_name_and_message_id() -> None:
    expected = Inbound(
        COOP, USER.user_id, "user_send_text:96d3cdf3af150460909", AT.astimezone(UTC), Text("2kg cam sành")
    )

    assert only(EVENTS.text(USER, "2kg cam sành")) == expected


def test_decomposed_words_are_composed() -> None:
    assert event(EVENTS.text(USER, "cam sa\u0300nh")) == Text("cam sành")


def test_numbers_for_ids_and_times_are_the_same_event() -> None:
    plain = EVENTS.text(USER, "2kg cam")

    assert only(zalo_relations.with_numbers(plain)) == only(plain)


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        ("#7.yes", "7:yes:"),
        ("#0.trace.ask", "0:trace.ask:"),
        ("#12.order.lot-345", "12:order.lot:345"),
        ("#3.shop.show-_a:b=c-d", "3:shop.show:_a:b=c-d"),
        ("  #7.yes ", "7:yes:"),
        ("#999999999.no-" + "a" * 40, "999999999:no:" + "a" * 40),
    ],
)
def test_words_of_a_button_are_a_tap(words: str, choice: str) -> None:
    assert event(EVENTS.text(USER, words)) == Tap(choice)


@pytest.mark.parametrize(
    "words",
    [
        "#7",
        "#yes",
        "7.yes",
        "#7.Yes",
        "#7.yes-",
        "#7.yes.no.maybe",
        "#7.yes-à",
        "#7.yes-a b",
        "#1234567890.yes",
        "#٣.yes",
        "#7.yes nhé",
        "#7.yes-" + "a" * 41,
        "##7.yes",
    ],
)
def test_words_that_only_look_like_a_buttons_stay_words(words: str) -> None:
    assert event(EVENTS.text(USER, words)) == Text(words)


@pytest.mark.parametrize("kind", ["image", "gif", "photo"])
def test_a_picture_takes_its_words_as_caption(kind: str) -> None:
    picture = {"type": kind, "payload": {"thumbnail": "http://t", "url": PICTURE}}

    assert event(sent("image", picture, text="ổi nhà em")) == Photo((PICTURE,), "ổi nhà em")


def test_several_pictures_in_one_message_are_one_event() -> None:
    assert event(EVENTS.image(USER, PICTURE, PICTURE + "2")) == Photo((PICTURE, PICTURE + "2"))


def test_attachments_beside_the_message_count_too() -> None:
    assert event(zalo_relations.attachments_on_top(EVENTS.image(USER, PICTURE))) == Photo((PICTURE,))


def test_a_broken_attachment_spoils_no_other() -> None:
    picture = {"type": "image", "payload": {"url": PICTURE}}

    assert event(sent("image", None, {"type": 5}, picture, {"payload": []})) == Photo((PICTURE,))


@pytest.mark.parametrize(
    ("payload", "happened"),
    [
        (EVENTS.gif(USER, PICTURE), Photo((PICTURE,))),
        (EVENTS.audio(USER, "https://v.zdn.vn/1.amr"), Voice("https://v.zdn.vn/1.amr")),
        (EVENTS.video(USER, "https://v.zdn.vn/1.mp4"), Other("video")),
        (EVENTS.file(USER, "gia.pdf", b"%PDF", "https://f.zdn.vn/gia.pdf"), Other("file")),
        (EVENTS.sticker(USER, "bfe458", PICTURE), Sticker("bfe458")),
        (EVENTS.location(USER, "12.6667", "108.0500"), Location(12.6667, 108.05)),
        (EVENTS.location(USER, "-90", "180"), Location(-90.0, 180.0)),
        (EVENTS.link(USER, "https://example.vn/t/715038629415"), Text("https://example.vn/t/715038629415")),
        (EVENTS.link(USER, "https://a.vn", "Cam sành"), Text("https://a.vn Cam sành")),
        (EVENTS.text(USER, ""), Other("empty")),
        (zalo_relations.without(EVENTS.text(USER, "a"), "message", "text"), Other("empty")),
        (zalo_relations.without(EVENTS.text(USER, "a"), "message"), Other("empty")),
    ],
    ids=lambda value: value["event_name"] if isinstance(value, dict) else None,
)
def test_what_she_sends_is_told_by_its_kind(payload: object, happened: Event) -> None:
    assert event(payload) == happened


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("", "108"), ("12,5", "108"), ("91", "108"), ("12", "181"), ("NaN", "1"), ("1e3", "1"), (True, 1), (None, None)],
)
def test_a_place_that_is_nowhere_on_earth_is_something_else(latitude: object, longitude: object) -> None:
    coordinates = {"latitude": latitude, "longitude": longitude}

    assert event(sent("location", {"type": "location", "payload": {"coordinates": coordinates}})) == Other("location")


def test_a_place_may_be_numbers_and_goes_before_the_words_that_name_it() -> None:
    place = {"type": "location", "payload": {"coordinates": {"latitude": 12.5, "longitude": 108}}}

    assert event(sent("location", place, text="Nhà em")) == Location(12.5, 108.0)


def test_a_links_address_is_said_once() -> None:
    link = {"type": "link", "payload": {"url": "https://a.vn/t/715038629415", "description": "Tem"}}

    assert event(sent("link", link, text="xem https://a.vn/t/715038629415")) == Text(
        "xem https://a.vn/t/715038629415 Tem"
    )


def test_a_business_card_is_somebody_elses() -> None:
    assert event(EVENTS.business_card(USER, "Bác Tư", "84912345678")) == ContactCard("Bác Tư", "0912345678", hers=False)


@pytest.mark.parametrize("description", ["{", "{}", "Bác Tư", "[]", None])
def test_a_business_card_without_a_card_is_never_read_as_words(description: object) -> None:
    card = {"type": "link", "payload": {"description": description, "url": ""}}

    assert event(sent("business_card", card, text="Bác Tư")) == Other("business_card")


@pytest.mark.parametrize(
    ("kind", "shown"), [("hologram", "hologram"), ("Hô lô", "attachment"), ("", "attachment"), ("a" * 41, "attachment")]
)
def test_an_unknown_attachment_gets_an_answer(kind: str, shown: str) -> None:
    assert event(sent("file", {"type": kind, "payload": {}})) == Other(shown)


def test_words_beside_what_we_cannot_read_are_heard() -> None:
    assert event(sent("video", {"type": "video", "payload": {"url": "https://v"}}, text="cam đây")) == Text("cam đây")


def test_the_form_of_today_is_her_own_card() -> None:
    filled = zalo_relations.info(EVENTS, USER, **FORM)

    found = only(filled)

    assert found.event == ContactCard("Hà", "0905000111", "Buôn Trấp, Cư M'gar, Đắk Lắk", hers=True)
    assert (found.account, found.sender, found.key) == (COOP, USER.user_id, f"user_submit_info:{TIME}:{USER.user_id}")


@pytest.mark.parametrize(
    ("district", "address"),
    [("", "Buôn Trấp, Cư M'gar, Đắk Lắk"), ("Krông Ana", "Buôn Trấp, Cư M'gar, Krông Ana, Đắk Lắk")],
)
def test_the_older_form_is_too(district: str, address: str) -> None:
    filled = zalo_relations.info_before_2025(EVENTS, USER, **FORM, district=district)

    assert event(filled) == ContactCard("Hà", "0905000111", address, hers=True)


@pytest.mark.parametrize("info", [None, {}, {"name": None, "phone": None, "full_address": {}}])
def test_a_form_that_was_left_empty_is_an_empty_card(info: object) -> None:
    assert event(EVENTS.between(USER, "user_submit_info", info=info)) == ContactCard("", "", "", hers=True)


@pytest.mark.parametrize(
    ("phone", "dialled"),
    [
        ("84912345678", "0912345678"),
        ("+84912345678", "0912345678"),
        (84912345678, "0912345678"),
        ("0912 345 678", "0912345678"),
        ("(024) 3825-1234", "02438251234"),
        ("842438251234", "02438251234"),
        ("113", "113"),
        ("", ""),
        (None, ""),
        (True, ""),
        ("không có", ""),
        ("9" * 60, ""),
        ("٠٩١٢٣٤٥٦٧٨", ""),
    ],
)
def test_a_phone_is_written_as_it_is_dialled_here(phone: object, dialled: str) -> None:
    assert phone_of(phone) == dialled


@pytest.mark.parametrize(
    ("payload", "happened"),
    [
        (zalo_relations.follow(EVENTS, USER), Follow()),
        (zalo_relations.unfollow(EVENTS, USER), Silent("unfollow")),
        (zalo_relations.chat_pressed(EVENTS, USER), Start()),
        (zalo_relations.withdrawn(EVENTS, USER), Withdrawn()),
        (
            zalo_relations.widget_accepted(EVENTS, USER, "https://htx.vn/t/715038629415?x=1"),
            Referral("t-715038629415"),
        ),
        (zalo_relations.widget_accepted(EVENTS, USER, "https://htx.vn/t/715038629499"), Referral("t-715038629499")),
        (zalo_relations.widget_accepted(EVENTS, USER, "https://htx.vn/"), Silent("widget_interaction_accepted")),
    ],
    ids=lambda value: value["event_name"] if isinstance(value, dict) else None,
)
def test_what_she_does_without_words_is_hers(payload: dict[str, Any], happened: Event) -> None:
    found = only(payload)

    assert (found.account, found.sender, found.event) == (COOP, USER.user_id, happened)
    assert found.key == f"{payload['event_name']}:{TIME}:{USER.user_id}"


def test_a_withdrawal_that_names_no_oa_still_names_her() -> None:
    found = only(zalo_relations.without(zalo_relations.withdrawn(EVENTS, USER), "oa_id"))

    assert (found.account, found.sender, found.event) == ("", USER.user_id, Withdrawn())


def test_a_reaction_is_a_touch_and_each_one_is_new() -> None:
    later = Clock()
    later.advance(seconds=1)
    again = Events(OA, later, lambda: "")

    found = [only(EVENTS.reacted(USER, "m1", "/-heart")), only(again.reacted(USER, "m1", "/-heart"))]

    assert [(one.account, one.sender, one.event) for one in found] == [(COOP, USER.user_id, Silent("reaction"))] * 2
    assert [one.key for one in found] == [
        f"user_reacted_message:{TIME}:m1",
        f"user_reacted_message:{int(TIME) + 1000}:m1",
    ]


def test_our_own_message_comes_back_in_silence_with_its_words() -> None:
    found = only(EVENTS.sent(USER, "text", {"msg_id": "m1", "text": "Dạ,\n1. Cam"}))

    assert (found.account, found.sender, found.key) == (COOP, USER.user_id, "oa_send_text:m1")
    assert found.event == Silent("echo", codec.echo_words({"text": "Dạ,\n1. Cam"}))


@pytest.mark.parametrize("kind", ["text", "image", "gif", "list", "file", "sticker", "template"])
def test_an_officer_who_writes_by_hand_takes_the_thread_over(kind: str) -> None:
    found = only(EVENTS.sent(USER, kind, {"msg_id": "m1", "text": "Để em gọi bác"}, admin_id="4713478301"))

    assert (found.sender, found.event) == (USER.user_id, TakenOver("4713478301", "Để em gọi bác"))


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (EVENTS.received(USER, "m1"), "user_received_message:m1"),
        (EVENTS.seen(USER, "m1", "m2"), f"user_seen_message:{TIME}:{USER.user_id}"),
        (EVENTS.oa_reacted(USER, "m1", "/-strong"), f"oa_reacted_message:{TIME}:m1"),
    ],
)
def test_receipts_are_silent_and_about_her(payload: dict[str, Any], key: str) -> None:
    assert only(payload) == Inbound(COOP, USER.user_id, key, AT.astimezone(UTC), Silent(str(payload["event_name"])))


def test_a_template_receipt_is_found_by_its_tracking_id_and_its_phone_is_nobody() -> None:
    found = only(EVENTS.notice_received("84905000111", "f1e2", "out:12"))

    assert (found.account, found.sender, found.key) == (COOP, "", codec.receipt_key("out:12"))
    assert "84905000111" not in repr(found)


@pytest.mark.parametrize("phone", ["84905000111", "0905000111", "+84905000111", 84905000111])
def test_a_telephone_is_nobodys_user_id(phone: object) -> None:
    payload = {**EVENTS.text(USER, "a"), "sender": {"id": phone}}

    assert (only(payload).sender, event(payload)) == ("", Silent("no_sender"))


def test_the_accounts_news_are_for_staff() -> None:
    status = {"prev_status": "PENDING_REVIEW", "new_status": "ENABLE"}
    refused = {"prev_status": "PENDING_REVIEW", "new_status": "REJECT"}
    news = [
        EVENTS.about("change_template_status", template_id=12345, status=status, reason=""),
        EVENTS.about("change_template_status", template_id="12345", status=refused, reason="Logo"),
        EVENTS.about("change_template_status"),
        {
            "app_id": APP_ID,
            "oaId": COOP,
            "event_name": "change_oa_daily_quota",
            "quota": {"prev_value": 1000, "new_value": 500},
            "timestamp": TIME,
        },
        EVENTS.about("change_template_quality", template_id="9", quality={"new_quality": "LOW"}),
        EVENTS.about("change_oa_template_tags", tags={"prev_tags": [], "new_tags": ["TRANSACTION", 2, None]}),
    ]

    found = [only(one) for one in news]

    assert [(one.account, one.sender) for one in found] == [(COOP, "")] * 6
    assert [one.event for one in found] == [
        AccountNews("template", "12345", "APPROVED"),
        AccountNews("template", "12345", "REJECT"),
        AccountNews("template"),
        AccountNews("quota", "", "change_oa_daily_quota 500"),
        AccountNews("warned", "9", "change_template_quality LOW"),
        AccountNews("warned", "", "change_oa_template_tags TRANSACTION, 2"),
    ]


SPOKEN = set(codec.MESSAGES) | {
    "follow", "user_click_chatnow", "user_submit_info", "user_withdraw", "user_reacted_message",
    "widget_interaction_accepted", "change_template_status", "change_template_quality", "change_oa_daily_quota",
}  # fmt: skip


def test_of_everything_that_zalo_documents_the_rest_is_silent_and_known() -> None:
    everything = zalo_relations.every(EVENTS, USER)
    silent = [one for one in everything if one["event_name"] not in SPOKEN and "admin_id" not in one.get("sender", {})]

    assert len(silent) >= 30
    for one in silent:
        assert isinstance(event(one), Silent), one["event_name"]
    assert {one["event_name"] for one in everything if not codec.is_known(str(one["event_name"]))} == {
        "user_dreamt_of_durian"
    }


@pytest.mark.parametrize("name", ["user_send_group_text", "anonymous_send_text", "user_send_hologram", "user_call_oa"])
def test_groups_strangers_calls_and_news_of_tomorrow_are_addressed_to_nobody(name: str) -> None:
    found = only(EVENTS.between(USER, name, message={"msg_id": "1", "text": "2kg cam"}))

    assert (found.sender, found.event) == ("", Silent(name))


@pytest.mark.parametrize("name", ["", "user send", "Follow", "x" * 61, "user_send_text\n", "tên lạ"])
def test_a_name_that_is_none_is_unknown(name: str) -> None:
    found = only({"event_name": name})

    assert (found.event, found.key.split(":")[0]) == (Silent("unknown"), "unknown")


def test_without_a_message_id_time_and_person_are_the_key_and_without_them_all_of_it() -> None:
    nameless = zalo_relations.without(EVENTS.text(USER, "2"), "message", "msg_id")
    timeless = zalo_relations.without(nameless, "timestamp")

    assert only(nameless).key == f"user_send_text:{TIME}:{USER.user_id}"
    assert only(timeless).key == only(json.loads(json.dumps(timeless))).key
    assert only(timeless).key != only({**timeless, "message": {"text": "3"}}).key


def test_the_accounts_own_words_are_never_answered() -> None:
    payload = {**EVENTS.text(USER, "Dạ"), "sender": {"id": COOP}}

    assert event(payload) == Silent("echo")


def test_a_typing_error_in_the_time_takes_ours() -> None:
    assert only({**EVENTS.text(USER, "a"), "timestamp": "154390853474"}).at == NOW
    assert only({**EVENTS.text(USER, "a"), "timestamp": 1795226400}).at == AT
    assert only({**EVENTS.text(USER, "a"), "timestamp": TIME}).at - AT == timedelta(0)


@pytest.mark.parametrize(
    ("choice", "payload"),
    [
        ("7:yes:", "#7.yes"),
        ("0:trace.ask:", "#0.trace.ask"),
        ("7:order.lot:12", "#7.order.lot-12"),
        ("7:yes", ""),
        ("", ""),
        ("x:yes:", ""),
        ("7:yes:a b", ""),
        ("7:yes:à", ""),
        ("7:yes:" + "a" * 41, ""),
        ("7:yes:\n", ""),
    ],
)
def test_an_id_becomes_the_words_of_a_button_or_none(choice: str, payload: str) -> None:
    assert payload_of(choice) == payload
