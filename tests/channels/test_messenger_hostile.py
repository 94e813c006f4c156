"""Signed bodies that nobody meant: nothing raises, what can be read is read, and nobody gets another one's answer."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event import (
    SAID,
    AccountNews,
    Edited,
    Event,
    HandedBack,
    Inbound,
    Other,
    Overheard,
    Photo,
    Referral,
    Silent,
    Start,
    Sticker,
    TakenOver,
    Tap,
    Text,
    Touched,
    Voice,
    dump_event,
    load_event,
)
from handlers.channels.messenger import codec, shapes
from handlers.wire import Unreadable, read_body

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PAGE, PSID, APP = "112233445566778", "7012345678901234", "1517776481860111"


def item(**content: object) -> dict[str, object]:
    return {"sender": {"id": PSID}, "timestamp": 1795258800001, **content}


def read(*items: object) -> list[Inbound]:
    return codec.parse({"object": "page", "entry": [{"id": PAGE, "messaging": list(items)}]}, NOW)


def events(*items: object) -> list[Event]:
    return [inbound.event for inbound in read(*items)]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"a":"à"}'.encode("utf-16"), "not JSON"),
        (b'{"a":"\xe0"}', "not JSON"),
        (b'{"a":"\xed\xa0\x80"}', "not JSON"),
        (b'{"a":"\x00"}', "not JSON"),
        (b'{"a":NaN}', "not JSON"),
        (b'{"a":-Infinity}', "not JSON"),
        (b'{"a":1e999}', "not JSON"),
        (b'{"a":' + b"9" * 10_000 + b"}", "not JSON"),
        (b'{"a":1}{"a":2}', "not JSON"),
        (b'{"object":"page"', "not JSON"),
        (b"object=page&entry=1", "not JSON"),
        (b"<html>", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b'"page"', "not an object"),
        (b"1", "not an object"),
    ],
)
def test_an_unreadable_body_says_why(raw: bytes, why: str) -> None:
    assert read_body(raw) == Unreadable(why)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (rb'{"a":"\ud83d"}', "\ufffd"),
        (rb'{"a":"\udc4d\ud83d"}', "\ufffd\ufffd"),
        (rb'{"a":"\uD83D\ud83d\udc4d"}', "\ufffd👍"),
        (rb'{"a":"\\ud83d \ud83d"}', "\\ud83d \ufffd"),
        (rb'{"a":"\"\ud83d"}', '"\ufffd'),
        (rb'{"a":"\ud83d\u00e0"}', "\ufffdà"),
    ],
)
def test_half_a_surrogate_pair_is_replaced_and_the_rest_is_kept(raw: bytes, text: str) -> None:
    assert read_body(raw) == {"a": text}


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    assert read_body(b'{"object":"user","object":"page"}') == {"object": "page"}


def test_a_number_of_thirty_digits_is_no_id_and_harms_nothing() -> None:
    body = read_body(
        b'{"object":"page","entry":[{"id":1,"messaging":[{"sender":{"id":7},"timestamp":%s,"message":{"text":"a"}}]}]}'
        % (b"9" * 30)
    )

    found = codec.parse(body, NOW)

    assert [(one.sender, one.at, one.event) for one in found] == [("7", NOW, Text("a"))]


@pytest.mark.parametrize(
    "payload",
    [
        None,
        5,
        "page",
        [],
        {},
        {"object": "instagram", "entry": [{"id": "1", "messaging": [item(message={"text": "a"})]}]},
        {"object": ["page"]},
        {"object": "page"},
        {"object": "page", "entry": None},
        {"object": "page", "entry": {"id": "1"}},
        {"object": "page", "entry": [{"id": "1"}]},
        {"object": "page", "entry": [{"id": "1", "messaging": None}]},
        {"object": "page", "entry": [{"id": "1", "messaging": "x"}]},
    ],
)
def test_a_body_without_events_has_none(payload: object) -> None:
    assert codec.parse(payload, NOW) == []


def test_a_bad_item_keeps_its_json_and_loses_no_neighbour() -> None:
    bad: list[object] = [
        None,
        5,
        "x",
        [],
        item(message="x"),
        item(message={"text": ["x"]}),
        item(postback=[]),
        {"sender": "7", "message": {"text": "x"}},
        {"sender": {"id": 1.5}, "message": {"text": "x"}},
        {"sender": {"id": True}, "message": {"text": "x"}},
        {"sender": {"id": PSID}, "timestamp": []},
    ]

    found = read(item(message={"text": "trước"}), *bad, item(message={"text": "sau"}))

    assert [one.event for one in found] == [Text("trước"), *[Silent("unreadable")] * len(bad), Text("sau")]
    assert found[1].raw == b"null"
    assert found[5].raw == b'{"message":"x","sender":{"id":"7012345678901234"},"timestamp":1795258800001}'
    assert len({one.key for one in found}) == len(found)


@pytest.mark.parametrize(
    "odd",
    [
        {"mid": 5},
        {"quick_reply": "x"},
        {"quick_reply": {"payload": {}}},
        {"referral": "x"},
        {"referral": {"ref": 5}},
        {"attachments": "bad"},
        {"attachments": ["bad", {"type": 5}]},
        {"is_deleted": "x"},
    ],
)
def test_an_odd_neighbour_does_not_cost_her_words(odd: dict[str, object]) -> None:
    said = item(message={"mid": "m_1", "text": "2 kg cam", **odd})

    for spoiled in (said, said | {"timestamp": {}}, said | {"referral": 5}):
        [found] = read(spoiled)
        assert (found.sender, found.event) == (PSID, Text("2 kg cam"))
        assert [found] == read(spoiled)
        if "mid" not in odd:
            assert found.key == "message:m_1"


def test_an_odd_neighbour_does_not_cost_the_press_or_the_link_beside_it() -> None:
    spoiled = item(
        message={"mid": 1, "text": "Có", "quick_reply": {"payload": "1:yes:"}, "referral": {"ref": "t-483920176504"}}
    )
    assert events(spoiled) == [Referral("t-483920176504"), Tap("1:yes:", "Có")]
    assert events(item(postback={"mid": "m_1", "title": [], "payload": "1:yes:"})) == [Tap("1:yes:")]


@pytest.mark.parametrize("marked", ["yes", 1, {}, []])
def test_what_may_be_an_echo_is_never_hers(marked: object) -> None:
    assert events(item(message={"mid": 5, "text": "x", "is_echo": marked})) == [Silent("echo")]


def test_words_beside_us_with_an_odd_neighbour_are_overheard() -> None:
    spoiled = item(message={"mid": "m_1", "text": "2 kg cam", "quick_reply": "x"})
    [found] = codec.parse({"object": "page", "entry": [{"id": PAGE, "standby": [spoiled]}]}, NOW)
    assert (found.sender, found.event, found.key) == (PSID, Overheard("2 kg cam"), "standby:message:m_1")


def test_a_voice_note_keeps_the_words_beside_it() -> None:
    voice = {"type": "audio", "payload": {"url": "https://cdn.fbsbx.com/1.mp4"}}
    assert events(
        item(message={"mid": "m_1", "attachments": [voice]}),
        item(message={"mid": "m_2", "text": "tem 483920176504", "attachments": [{"type": "sticker"}, voice]}),
    ) == [Voice("https://cdn.fbsbx.com/1.mp4"), Voice("https://cdn.fbsbx.com/1.mp4", "tem 483920176504")]


def test_of_very_many_attachments_the_first_thirty_count() -> None:
    """28,000 stickers before 28,000 pictures once took twelve seconds."""
    stickers = [{"type": "image", "payload": {"url": "https://x.example/s", "sticker_id": 1}}] * 28_000
    pictures = [{"type": "image", "payload": {"url": f"https://x.example/{n}"}} for n in range(28_000)]
    began = time.process_time()

    found = events(item(message={"attachments": stickers + pictures}), item(message={"attachments": pictures}))

    assert time.process_time() - began < 1
    assert found == [Sticker("1"), Photo(tuple(f"https://x.example/{n}" for n in range(30)))]


def test_a_body_of_very_many_items_is_read_in_part_and_kept_whole() -> None:
    hers = [item(message={"mid": f"m_{n}", "text": "a"}) for n in range(999)]
    body = {
        "object": "page",
        "entry": [{"id": PAGE, "messaging": hers}, {"id": "2", "time": 7, "standby": [{"n": n} for n in range(3)]}, 5],
    }

    found = codec.parse(body, NOW)

    assert len(found) == 1001
    assert [one.event for one in found[998:]] == [Text("a"), Silent("no_sender"), Silent("unreadable")]
    assert json.loads(found[1000].raw) == [
        ["2", 7, "standby", {"n": 1}],
        ["2", 7, "standby", {"n": 2}],
        ["", None, "entry", 5],
    ]


def test_an_entry_that_is_none_is_kept_beside_the_others() -> None:
    found = codec.parse({"object": "page", "entry": [7, {"id": PAGE, "messaging": [item(message={"text": "a"})]}]}, NOW)

    assert [one.event for one in found] == [Silent("unreadable"), Text("a")]


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (1795258800001, datetime(2026, 11, 21, 11, 0, 0, 1000, tzinfo=UTC)),
        ("1795258800001", datetime(2026, 11, 21, 11, 0, 0, 1000, tzinfo=UTC)),
        (1795258800, datetime(2026, 11, 21, 11, 0, tzinfo=UTC)),
        ("1795258800", datetime(2026, 11, 21, 11, 0, tzinfo=UTC)),
        (None, NOW),
        (0, NOW),
        (-1, NOW),
        (1.5, NOW),
        ("", NOW),
        ("١٢٣٤", NOW),
        ("1_000", NOW),
        (10**18, NOW),
        (10**12 - 1, NOW),
        ("hôm qua", NOW),
    ],
)
def test_a_timestamp_is_milliseconds_or_seconds_or_now(timestamp: object, at: datetime) -> None:
    assert [one.at for one in read({"sender": {"id": PSID}, "timestamp": timestamp, "read": {}})] == [at]


@pytest.mark.parametrize("sender", ["", None, "7\x00", "bác", "7" * 200, "7 8"])
def test_a_sender_that_the_database_could_not_hold_is_nobody(sender: object) -> None:
    found = read({"sender": {"id": sender}, "message": {"mid": "m_1", "text": "a"}})

    assert [(one.sender, one.event) for one in found] == [("", Silent("no_sender"))]


def test_an_id_that_the_database_could_not_hold_gives_way_to_a_hash() -> None:
    found = read(*(item(message={"mid": mid, "text": "a"}) for mid in ("", "m\x00", "m_à", "m" * 2000)))

    keys = [one.key for one in found]
    assert all(len(key) == len("message:") + 64 for key in keys)
    assert len(set(keys)) == len(keys)


def test_two_honest_twos_without_ids_are_two_events() -> None:
    first, second = item(message={"text": "2"}), {**item(message={"text": "2"}), "timestamp": 1795258800002}

    keys = [one.key for one in read(first, second, first)]

    assert keys[0] != keys[1]
    assert keys[0] == keys[2]


def test_the_second_edit_and_the_second_reaction_are_new_events() -> None:
    found = read(
        item(message_edit={"mid": "m_1", "text": "a", "num_edit": 1}),
        item(message_edit={"mid": "m_1", "text": "b", "num_edit": 2}),
        item(reaction={"mid": "m_1", "action": "react"}),
        item(reaction={"mid": "m_1", "action": "unreact"}),
        {**item(reaction={"mid": "m_1", "action": "react"}), "timestamp": 1795258800002},
    )

    assert [one.key for one in found] == [
        "edit:m_1:1",
        "edit:m_1:2",
        "reaction:m_1:react:1795258800001",
        "reaction:m_1:unreact:1795258800001",
        "reaction:m_1:react:1795258800002",
    ]
    assert [one.event for one in found] == [
        Edited("a"),
        Edited("b"),
        Touched("reaction"),
        Silent("reaction"),
        Touched("reaction"),
    ]


def test_edits_and_reactions_without_a_number_or_a_time_are_told_apart_by_all_they_hold() -> None:
    edits = read(*(item(message_edit={"mid": "m_1", "text": words}) for words in "aab"))
    hearts = read(*({"sender": {"id": PSID}, "reaction": {"mid": "m_1", "action": a}} for a in ("react", "unreact")))

    assert [one.key == edits[0].key for one in edits] == [True, True, False]
    assert len({one.key for one in hearts}) == 2


@pytest.mark.parametrize("ref", ["", "t 1", "t-1\n", "tem-số-1", "<script>", "a" * 2084, None])
def test_a_ref_that_meta_would_not_carry_only_opens_the_chat(ref: object) -> None:
    assert events(item(referral={"ref": ref})) == [Start()]
    assert events(item(message={"mid": "m_1", "text": "a", "referral": {"ref": ref}})) == [Text("a")]


def test_any_other_ref_is_handed_on_untrusted() -> None:
    assert events(item(referral={"ref": "a" * 2083})) == [Referral("a" * 2083)]


def test_an_empty_payload_is_words_and_a_button_without_one_is_something_else() -> None:
    assert events(
        item(message={"mid": "m_1", "text": "Đúng", "quick_reply": {"payload": ""}}),
        item(message={"mid": "m_2", "text": "Đúng", "quick_reply": {"payload": None}}),
        item(message={"mid": "m_3", "quick_reply": {"payload": "q1.1"}}),
        item(postback={"mid": "m_4", "title": "Sửa"}),
    ) == [Text("Đúng"), Text("Đúng"), Tap("q1.1"), Other("postback")]


@pytest.mark.parametrize(
    ("attachment", "event"),
    [
        ({}, Other("attachment")),
        ({"type": "image"}, Other("image")),
        ({"type": "image", "payload": None}, Other("image")),
        ({"type": "image", "payload": []}, Other("image")),
        ({"type": "image", "payload": {"url": None}}, Other("image")),
        ({"type": "audio", "payload": {}}, Other("audio")),
        ({"type": "appointment_booking", "payload": {"booking_id": "1"}}, Other("appointment_booking")),
        ({"type": "hologram", "payload": {"url": "https://x.example"}}, Other("hologram")),
    ],
)
def test_an_attachment_without_what_we_need_still_gets_an_answer(attachment: object, event: Event) -> None:
    assert events(item(message={"mid": "m_1", "attachments": [attachment]})) == [event]


def test_an_empty_list_of_attachments_is_an_empty_message() -> None:
    assert events(item(message={"mid": "m_1", "attachments": []})) == [Other("empty")]


def test_a_text_of_any_length_is_cut_and_cleaned() -> None:
    assert events(item(message={"text": "á\x00\u202e" + "x" * 100_000})) == [Text("á" + "x" * 1997)]


@pytest.mark.parametrize(
    "coordinates",
    [None, {}, [], {"lat": 21.0}, {"lat": "21", "long": "105"}, {"lat": True, "long": 1}, {"lat": 10**400, "long": 1}],
)
def test_a_place_without_two_degrees_is_no_place(coordinates: object) -> None:
    place = {"type": "location", "payload": {"coordinates": coordinates}, "coordinates": coordinates}

    assert events(item(message={"mid": "m_1", "attachments": [place]})) == [Other("location")]


ECHO = {"mid": "m_9", "is_echo": True, "text": "Chào", "app_id": APP, "metadata": "out:8841.1"}
EVERY_EVENT: dict[str, dict[str, object]] = {
    "message": {
        "mid": "m_1",
        "text": "Đặt",
        "quick_reply": {"payload": "1:yes:"},
        "attachments": [{"type": "image", "payload": {"url": "https://x.example/a.jpg"}}],
        "referral": {"ref": "t-483920176504"},
        "is_deleted": False,
        "reply_to": {"mid": "m_0"},
    },
    "postback": {"mid": "m_2", "title": "Sửa", "payload": "1:change:", "referral": {"ref": "nsx-839201765044"}},
    "referral": {"ref": "t-483920176504", "source": "SHORTLINK", "type": "OPEN_THREAD"},
    "message_edit": {"mid": "m_1", "text": "5 kg", "num_edit": 1},
    "reaction": {"mid": "m_1", "action": "react", "reaction": "love", "emoji": "❤️"},
    "pass_thread_control": {"previous_owner_app_id": "263902037430900", "new_owner_app_id": APP, "metadata": ""},
    "take_thread_control": {"previous_owner_app_id": APP, "new_owner_app_id": 263902037430900, "metadata": ""},
    "policy_enforcement": {"action": "block", "reason": "x"},
    "policy-enforcement": {"action": "unblock"},
    "delivery": {"mids": ["m_9"], "watermark": 1},
    "read": {"watermark": 1},
    "optin": {"type": "notification_messages", "payload": "x"},
    "account_linking": {"status": "linked", "authorization_code": "x"},
    "request_thread_control": {"requested_owner_app_id": 1},
    "app_roles": {"1": ["primary_receiver"]},
    "order": {"products": []},
    "unheard_of": {"mid": "m_1"},
}
ODD: tuple[object, ...] = (
    None,
    "",
    "x",
    0,
    7,
    -1,
    1.5,
    True,
    [],
    ["x"],
    {},
    {"x": 1},
    {"id": PSID},
    [None],
    "\x00",
    "a" * 3000,
)


def spoilt(content: dict[str, object]) -> Iterator[dict[str, object]]:
    """The content without each of its fields, and with each of them as something else."""
    for name in content:
        yield {one: value for one, value in content.items() if one != name}
        for odd in ODD:
            yield content | {name: odd}


@pytest.mark.parametrize("where", ["messaging", "standby"])
@pytest.mark.parametrize("name", [*EVERY_EVENT, "echo"])
def test_an_event_with_anything_wrong_in_it_is_read_or_kept_and_is_nobody_elses(name: str, where: str) -> None:
    """Each field missing, and each of it as sixteen other things, in the item and inside; each of them twice."""
    if name == "echo":
        whole: dict[str, object] = {"sender": {"id": PAGE}, "recipient": {"id": PSID}, "message": ECHO}
    else:
        whole = {"sender": {"id": PSID}, "recipient": {"id": PAGE}, name: EVERY_EVENT[name]}
    whole["timestamp"] = 1795258800001
    inner = "message" if name == "echo" else name
    content = whole[inner]
    assert isinstance(content, dict)
    items = [*spoilt(whole), *(whole | {inner: spoiled} for spoiled in spoilt(content))]

    for spoiled in items:
        body = {"object": "page", "entry": [{"id": PAGE, where: [spoiled, spoiled]}]}
        found = codec.parse(json.loads(json.dumps(body)), NOW, APP)
        half = len(found) // 2
        assert half in (1, 2)
        assert found[:half] == found[half:]
        for one in found:
            check_address(one, spoiled)


def check_address(one: Inbound, raw: object) -> None:
    """An event that somebody acts on belongs to the person whom the item names, and never to the page."""
    named = []
    if isinstance(raw, dict):
        named = [party.get("id") for party in (raw.get("sender"), raw.get("recipient")) if isinstance(party, dict)]
    assert load_event(dump_event(one.event)) == one.event
    if isinstance(one.event, AccountNews) or not one.sender:
        assert one.sender == ""
        assert isinstance(one.event, AccountNews | Silent)
        return
    assert one.sender != PAGE
    assert one.sender in map(str, named)
    if isinstance(one.event, (*SAID, Touched)):
        assert isinstance(raw, dict)
        assert one.sender == str(raw["sender"]["id"])
        assert not (raw.get("message") or {}).get("is_echo")


@pytest.mark.parametrize("where", ["messaging", "standby"])
@pytest.mark.parametrize("app_id", [APP, ""])
def test_no_echo_ever_makes_the_bot_speak(where: str, app_id: str) -> None:
    """Marked or not, to anybody, from any app, with anything inside."""
    for sender, recipient, marked in itertools.product((PAGE, PSID, None), (PAGE, PSID, None), (True, False)):
        for content in EVERY_EVENT["message"], ECHO, {"mid": "m_1"}, {"is_deleted": True, "mid": "m_1"}:
            echo = {**content, "is_echo": marked}
            if not marked and sender != PAGE:
                continue
            raw = {"sender": {"id": sender}, "recipient": {"id": recipient}, "message": echo}
            found = codec.parse({"object": "page", "entry": [{"id": PAGE, where: [raw]}]}, NOW, app_id)
            assert len(found) == 1
            assert isinstance(found[0].event, Silent | TakenOver)
            assert found[0].sender in ("", PSID)


@pytest.mark.parametrize(
    ("new", "event"),
    [
        (APP, HandedBack("42")),
        (int(APP), HandedBack("42")),
        (42, TakenOver("42", speaks=False)),
        (None, Silent("handover")),
        ([], Silent("handover")),
        (1.5, Silent("handover")),
        (True, Silent("handover")),
    ],
)
@pytest.mark.parametrize("kind", ["pass_thread_control", "take_thread_control"])
def test_the_new_owner_decides_whose_the_thread_is(kind: str, new: object, event: Event) -> None:
    raw = item(**{kind: {"previous_owner_app_id": 42, "new_owner_app_id": new}})

    [found] = codec.parse({"object": "page", "entry": [{"id": PAGE, "messaging": [raw]}]}, NOW, APP)

    assert (found.sender, found.event) == (PSID, event)


def test_the_same_event_beside_and_for_us_is_two_events_but_our_echo_is_one() -> None:
    her, ours = (
        item(message={"mid": "m_1", "text": "a"}),
        {
            "sender": {"id": PAGE},
            "recipient": {"id": PSID},
            "message": ECHO,
        },
    )
    body = {"object": "page", "entry": [{"id": PAGE, "messaging": [her, ours], "standby": [her, ours]}]}

    found = codec.parse(body, NOW, APP)

    assert [one.key for one in found] == [
        "message:m_1",
        codec.echo_key("out:8841.1"),
        "standby:message:m_1",
        codec.echo_key("out:8841.1"),
    ]


def test_a_template_that_is_approved_again_is_news_again() -> None:
    change = {
        "field": "message_template_status_update",
        "value": {"event": "APPROVED", "message_template_name": "don_v1"},
    }

    def keys(*times: object) -> list[str]:
        entries = [{"id": PAGE, "time": time, "changes": [change]} for time in times]
        return [one.key for one in codec.parse({"object": "page", "entry": entries}, NOW)]

    first, again, repeated = keys(1795258800, 1795258900, 1795258800)
    assert first != again
    assert first == repeated


SHAPES = [shape for shape in vars(shapes).values() if isinstance(shape, type) and issubclass(shape, msgspec.Struct)]
NAMES = st.sampled_from([field.name for shape in SHAPES for field in msgspec.structs.fields(shape)])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


PARTY = st.fixed_dictionaries({"id": st.sampled_from([PAGE, PSID, "7012345678905678", 7, "", None, True])})
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "sender": PARTY | JSON,
        "recipient": PARTY | JSON,
        "timestamp": JSON,
        **{name: st.just(content) | JSON for name, content in EVERY_EVENT.items()},
        "message": st.just(ECHO) | st.just(EVERY_EVENT["message"]) | JSON,
    },
)


@given(
    items=st.lists(ITEM | JSON, max_size=4),
    where=st.sampled_from(["messaging", "standby"]),
    app_id=st.sampled_from([APP, ""]),
)
def test_whatever_an_item_holds_it_becomes_events_that_can_be_stored(
    items: list[object], where: str, app_id: str
) -> None:
    found = codec.parse({"object": "page", "entry": [{"id": PAGE, where: items}]}, NOW, app_id)

    assert len(found) >= len(items)
    for one in found:
        assert one.key.isascii()
        assert one.sender.isascii()
        assert load_event(dump_event(one.event)) == one.event
    if len(items) == 1:
        for one in found:
            check_address(one, items[0])


@given(payload=JSON | st.dictionaries(st.sampled_from(["object", "entry"]), JSON), changes=st.lists(JSON, max_size=4))
def test_whatever_a_body_holds_nothing_is_raised(payload: object, changes: list[object]) -> None:
    codec.parse(payload, NOW)
    if isinstance(payload, dict):
        codec.parse(payload | {"object": "page", "entry": [payload, *changes]}, NOW)
    found = codec.parse({"object": "page", "entry": [{"id": PAGE, "changes": changes}]}, NOW)

    assert len(found) == len(changes)
    assert {one.sender for one in found} <= {""}
    assert all(isinstance(one.event, Silent | AccountNews) for one in found)
