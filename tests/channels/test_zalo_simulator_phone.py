"""People with their phones, and the events of everything they do."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators import zalo_relations
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, COOP, OTHER, Caller, Hook, rightly_signed, two_coops
from tests.simulators.zalo_clock import Clock, milliseconds
from tests.simulators.zalo_hand import lines_of
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Button, Card, Shown

PICTURE = "http://f6.photo.talk.zdn.vn/oi.jpg"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        yield zalo


@pytest.fixture
def hook(zalo: Zalo) -> Iterator[Hook]:
    with Hook() as hook:
        assert zalo.save_webhook(APP_ID, hook.url)
        yield hook


@pytest.fixture
def caller(zalo: Zalo) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(zalo.url, zalo.grant(COOP).access_token, session)


@pytest.fixture
def ha(zalo: Zalo) -> Phone:
    return zalo.phone(COOP, "Hà", "84905000111")


def buttons(*found: tuple[str, str, object]) -> dict[str, Any]:
    payload = {"buttons": [{"title": title, "type": kind, "payload": words} for title, kind, words in found]}
    return {"text": "Bác chọn ạ", "attachment": {"type": "template", "payload": payload}}


def message(hook: Hook) -> dict[str, Any]:
    """What the last event carries, without its id."""
    found: dict[str, Any] = hook.events[-1]["message"]
    assert len(found["msg_id"]) == 19
    return {name: value for name, value in found.items() if name != "msg_id"}


def test_typed_words_come_as_an_event(hook: Hook, ha: Phone, clock: Clock) -> None:
    assert ha.type("Tra mã 7150") == 200

    event = hook.events[0]
    assert event == {
        "app_id": APP_ID,
        "sender": {"id": ha.user_id},
        "user_id_by_app": ha.user.by_app,
        "recipient": {"id": COOP},
        "event_name": "user_send_text",
        "message": {"text": "Tra mã 7150", "msg_id": event["message"]["msg_id"]},
        "timestamp": milliseconds(clock()),
    }
    assert 15 <= len(ha.user_id) <= 20
    assert ha.user_id.isdecimal()


def test_a_keyboard_can_write_marks_apart(zalo: Zalo, hook: Hook) -> None:
    zalo.phone(COOP, "Lan", decomposed=True).type("ổi")

    assert message(hook)["text"] == unicodedata.normalize("NFD", "ổi")
    assert len(message(hook)["text"]) == 4


def test_a_reply_names_the_message_it_answers(hook: Hook, ha: Phone) -> None:
    ha.type("cái này", quote="96d3cdf3af150460909")

    assert message(hook) == {"text": "cái này", "quote_msg_id": "96d3cdf3af150460909"}


def test_a_query_comes_back_as_typed_text(hook: Hook, caller: Caller, ha: Phone) -> None:
    ha.type("chào")
    caller.say(ha.user_id, buttons(("Xem giỏ", "oa.query.show", "xem giỏ"), ("Mua", "oa.query.hide", "#q1.2")))

    assert [ha.tap("Xem giỏ"), ha.tap("Mua")] == [200, 200]

    typed = [event for event in hook.events if event["event_name"] == "user_send_text"]
    assert [event["message"]["text"] for event in typed] == ["chào", "xem giỏ", "#q1.2"]
    assert sorted(typed[2]["message"]) == ["msg_id", "text"]
    assert [line.text for line in ha.window] == ["chào", "Bác chọn ạ", "xem giỏ"]


def test_addresses_calls_and_sms_tell_us_nothing(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone) -> None:
    ha.type("chào")
    found = buttons(
        ("Xem", "oa.open.url", {"url": "https://chophien.example"}),
        ("Gọi", "oa.open.phone", {"phone_code": "0905000111"}),
    )
    caller.say(ha.user_id, found)
    zalo.settle()
    before = len(hook.events)

    assert [ha.tap("Xem"), ha.tap("Gọi")] == [None, None]
    assert len(hook.events) == before


def test_a_button_can_be_pressed_weeks_later(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone, clock: Clock) -> None:
    ha.type("chào")
    caller.say(ha.user_id, buttons(("Mua", "oa.query.show", "#q1.1")))
    clock.advance(days=21)
    ha.type("lại là tôi")
    caller.token = zalo.grant(COOP).access_token
    caller.say(ha.user_id, buttons(("Mua", "oa.query.show", "#q9.1")))
    zalo.settle()

    ha.tap("Mua")
    assert message(hook)["text"] == "#q9.1"
    ha.tap("Mua", bubble=0)
    assert message(hook)["text"] == "#q1.1"


def test_a_button_that_is_not_there_cannot_be_pressed(caller: Caller, ha: Phone) -> None:
    with pytest.raises(LookupError, match="no button 'Mua'"):
        ha.tap("Mua")
    ha.type("chào")
    caller.say(ha.user_id, buttons(("Bán", "oa.query.show", "bán")))
    with pytest.raises(LookupError, match=r"\('Bán',\)"):
        ha.tap("Mua")


def test_attachments_have_the_documented_shapes(hook: Hook, ha: Phone) -> None:
    def attachment(kind: str, **payload: object) -> dict[str, Any]:
        return {"attachments": [{"type": kind, "payload": payload}]}

    ha.send_sticker("bfe458")
    sticker = attachment("sticker", id="bfe458", url="https://zalo-api.zadn.vn/sticker/bfe458.png")
    assert message(hook) == sticker
    ha.send_voice("http://voice.talk.zdn.vn/1.amr")
    assert message(hook) == attachment("audio", url="http://voice.talk.zdn.vn/1.amr")
    ha.send_location("12.6667", "108.0500")
    assert message(hook) == attachment("location", coordinates={"latitude": "12.6667", "longitude": "108.0500"})
    ha.send_link("https://chophien.example/t/1", "Tem")
    link = attachment("link", thumbnail="", description="Tem", url="https://chophien.example/t/1")
    assert message(hook) == link
    ha.send_video("http://video.talk.zdn.vn/1.mp4")
    assert message(hook) == attachment("video", thumbnail="", description="", url="http://video.talk.zdn.vn/1.mp4")
    ha.send_gif(PICTURE)
    assert message(hook) == attachment("gif", thumbnail=PICTURE, url=PICTURE)
    ha.send_file("giá.pdf", b"%PDF-1.7", "http://file.talk.zdn.vn/1")
    assert message(hook) == attachment(
        "file",
        size="8",
        name="giá.pdf",
        checksum="f87357c6cdc4f067e19f42aebabc6fb7",
        type="pdf",
        url="http://file.talk.zdn.vn/1",
    )
    assert hook.names[-1] == "user_send_file"


def test_a_business_card_is_a_link_with_json_inside(hook: Hook, ha: Phone) -> None:
    ha.send_business_card("Hợp tác xã", "84905000222")

    found = message(hook)
    attachment = found["attachments"][0]
    assert (hook.names[-1], found["text"], attachment["type"]) == ("user_send_business_card", "Hợp tác xã", "link")
    assert json.loads(attachment["payload"]["description"]) == {"phone": "84905000222", "qrCodeUrl": ""}


def test_several_photos_are_several_events_or_several_attachments(hook: Hook, ha: Phone) -> None:
    one, two = PICTURE, PICTURE + "?2"
    ha.send_photo(one, two)
    ha.send_photo(one, two, text="ổi nhà em", together=True)

    counts = [len(event["message"]["attachments"]) for event in hook.events]
    assert (counts, message(hook)["text"]) == ([1, 1, 2], "ổi nhà em")
    assert hook.events[0]["message"]["attachments"][0]["payload"] == {"thumbnail": one, "url": one}


def test_pictures_for_the_bot_to_fetch_can_be_served(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    ha.send_photo(zalo.host_media("oi.jpg", b"\xff\xd8\xff", "image/jpeg"))

    address = message(hook)["attachments"][0]["payload"]["url"]
    answer = requests.get(address, timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (b"\xff\xd8\xff", "image/jpeg")
    assert requests.get(address + "x", timeout=10).status_code == 404


def test_a_form_comes_in_the_new_shape_or_the_old_one(hook: Hook, ha: Phone) -> None:
    filled: dict[str, Any] = {
        "name": "Hà",
        "phone": "84905000111",
        "city": "Đắk Lắk",
        "ward": "Cư M'gar",
        "address": "Buôn Trấp",
    }
    ha.submit_info(**filled)
    ha.submit_info(**filled, old=True)

    new, old = hook.events
    where = {"user_city": "Đắk Lắk", "user_ward": "Cư M'gar", "user_address": "Buôn Trấp"}
    wanted = {"name": "Hà", "phone": "84905000111", "user_dob": "", "gender": "", "full_address": where}
    assert (new["info"], old["info"]) == (wanted, filled)
    assert (new["sender"], new["recipient"]) == ({"id": ha.user_id}, {"id": COOP})


def test_following_and_leaving_name_her_as_follower(hook: Hook, ha: Phone, clock: Clock) -> None:
    ha.follow("message_invite")
    assert ha.user.following
    ha.unfollow()

    follow, unfollow = hook.events
    assert follow == {
        "app_id": APP_ID,
        "oa_id": COOP,
        "event_name": "follow",
        "follower": {"id": ha.user_id},
        "user_id_by_app": ha.user.by_app,
        "source": "message_invite",
        "timestamp": milliseconds(clock()),
    }
    assert (unfollow["event_name"], ha.user.following) == ("unfollow", False)


def test_the_chat_button_tells_us_once_and_only_before_she_wrote(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    assert [ha.press_chat(), ha.press_chat()] == [200, None]
    lan = zalo.phone(COOP, "Lan")
    lan.type("chào")

    assert lan.press_chat() is None
    assert hook.names == ["user_click_chatnow", "user_send_text"]
    assert hook.events[0]["user_id"] == ha.user_id


def test_blocking_is_silent_and_can_be_taken_back(hook: Hook, caller: Caller, ha: Phone) -> None:
    ha.type("chào")
    ha.block()
    assert caller.error(ha.user_id, {"text": "a"})[0] == -244
    ha.unblock()

    assert caller.error(ha.user_id, {"text": "a"})[0] == 0
    assert hook.names[0] == "user_send_text"
    assert "block" not in "".join(hook.names)


def test_withdrawing_reading_and_reacting_are_told(hook: Hook, zalo: Zalo, caller: Caller, ha: Phone) -> None:
    assert ha.read() is None
    ha.type("chào")
    message_id = caller.text(ha.user_id, "Chào chị")["data"]["message_id"]
    zalo.settle()
    ha.react(message_id)
    ha.withdraw()

    assert hook.names[-2:] == ["user_reacted_message", "user_withdraw"]
    assert hook.events[-2]["message"] == {"msg_id": message_id, "react_icon": "/-heart"}
    assert hook.events[-1]["user_id"] == ha.user_id


def test_one_person_at_two_accounts_is_two_ids_and_one_human(zalo: Zalo, ha: Phone) -> None:
    there = zalo.phone(OTHER, "Hà", "84905000111")

    assert there.person is ha.person
    assert there.user_id != ha.user_id
    assert zalo.phone(COOP, "Hà", "84905000111").user_id == ha.user_id


NAMES = """
    user_send_text user_send_image user_send_gif user_send_link user_send_audio user_send_video user_send_sticker
    user_send_location user_send_business_card user_send_file
    oa_send_text oa_send_image oa_send_gif oa_send_list oa_send_file oa_send_sticker
    user_received_message user_seen_message user_reacted_message oa_reacted_message
    follow unfollow user_click_chatnow user_submit_info update_user_info user_withdraw
    add_user_to_tag remove_user_from_tag remove_tag
    widget_interaction_accepted widget_failed_to_sync_user_external_id
    anonymous_send_text anonymous_send_image anonymous_send_file anonymous_send_sticker oa_send_anonymous_text
    user_send_group_text user_send_group_image oa_send_group_text create_group user_join_group
    oa_send_consent user_reply_consent user_call_oa oa_call_user
    change_template_status change_template_quality change_oa_daily_quota user_feedback user_click_response_button
    event_journey_time_out extension_purchased shop_has_order user_dreamt_of_durian
"""


def test_there_is_an_event_of_every_documented_name_and_one_of_none(ha: Phone) -> None:
    names = [event["event_name"] for event in zalo_relations.every(ha.events, ha.user)]

    assert set(names) == set(NAMES.split())
    # Twice: an officer's words beside our own, a template's receipt, and the form in both shapes.
    assert sorted(name for name in set(names) if names.count(name) == 2) == [
        "oa_send_text",
        "user_received_message",
        "user_submit_info",
    ]


def test_every_event_is_delivered_under_a_right_signature(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    events = zalo_relations.every(ha.events, ha.user)
    for event in events:
        assert zalo.tell(ha.oa, event) == 200

    assert hook.events == events
    assert all(rightly_signed(request) for request in hook.requests[1:])


def test_the_account_of_an_event_stands_in_one_of_three_places(ha: Phone) -> None:
    for event in zalo_relations.every(ha.events, ha.user):
        ends = [event.get("oa_id"), event.get("recipient", {}).get("id"), event.get("sender", {}).get("id")]
        assert ends.count(COOP) in (1, 2)


def test_old_senders_write_numbers(ha: Phone) -> None:
    event = zalo_relations.with_numbers(ha.events.text(ha.user, "123"))

    assert event["sender"] == {"id": int(ha.user_id)}
    assert isinstance(event["timestamp"], int)
    assert (event["app_id"], event["message"]["text"]) == (int(APP_ID), "123")


def test_attachments_can_stand_beside_the_message(ha: Phone) -> None:
    event = ha.events.image(ha.user, PICTURE)

    moved = zalo_relations.attachments_on_top(event)

    assert moved["attachments"] == event["message"]["attachments"]
    assert "attachments" not in moved["message"]


def test_a_field_can_be_missing(ha: Phone) -> None:
    event = ha.events.text(ha.user, "chào")

    assert "text" not in zalo_relations.without(event, "message", "text")["message"]
    assert "timestamp" not in zalo_relations.without(event, "timestamp")
    assert event["message"]["text"] == "chào"


def test_a_notice_that_arrived_has_a_number_for_recipient(ha: Phone) -> None:
    event = ha.events.notice_received("84905000111", "1", "order:1")

    assert (event["recipient"], event["message"]["tracking_id"]) == ({"id": "84905000111"}, "order:1")


def test_a_bubble_is_readable_in_a_terminal() -> None:
    button = Button("Mua", "oa.query.show", "mua")
    shown = Shown("Ổi", (button, button), PICTURE, "image", (Card("Ổi", "20.000đ"),))

    assert lines_of(shown) == ["Ổi", f"▣ image {PICTURE}", "▤ Ổi · 20.000đ", "[Mua] [Mua]"]


def test_a_clock_can_run_and_be_moved() -> None:
    ticks = iter([100.0, 101.0, 102.0])
    clock = Clock(speed=60, seconds=lambda: next(ticks))
    first = clock()

    clock.advance(minutes=1)

    assert (clock() - first).total_seconds() == 120
