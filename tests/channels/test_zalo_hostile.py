"""Signed bodies that nobody meant: nothing raises, what can be read is read, nobody is addressed who is not in it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event import AccountNews, ContactCard, Event, Inbound, Silent, Text, Voice, dump_event, load_event
from handlers.channels.zalo import codec, shapes
from handlers.wire import read_body
from tests.simulators import zalo_relations
from tests.simulators.zalo_caller import APP_ID, COOP, OA_SECRET
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_events import Events
from tests.simulators.zalo_world import Oa, Person

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OA = Oa(COOP, APP_ID, OA_SECRET)
USER = OA.meet(Person("Hà", "84905000111"))
EVENTS = Events(OA, Clock(), lambda: "96d3cdf3af150460909")
ODD: list[object] = [None, True, 5, 1.5, -1, "", "\0", "à" * 3000, [], [None], {}, {"id": []}, {"text": {}}]
EVERY = zalo_relations.every(EVENTS, USER)


def strings_in(value: object) -> set[str]:
    """Every string and number of a body, as text."""
    if isinstance(value, dict):
        return {text for part in value.values() for text in strings_in(part)}
    if isinstance(value, list):
        return {text for part in value for text in strings_in(part)}
    return {str(value)}


def can_be_stored(payload: object) -> list[Inbound]:
    """What is made of a body; checked to be what a row can hold, and to be addressed only to who is in it."""
    found = codec.parse(payload, NOW)
    for one in found:
        assert one.key.isascii()
        assert "\0" not in one.key
        assert one.sender.isascii()
        assert one.account.isascii()
        assert load_event(dump_event(one.event)) == one.event
        assert not one.sender or one.sender in strings_in(payload)
        assert one.sender or isinstance(one.event, Silent | AccountNews)
    return found


def paths_of(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every field of a body, also those inside others."""
    if not isinstance(value, dict):
        return []
    return [found for name, part in value.items() for found in ((*path, name), *paths_of(part, (*path, name)))]


def replaced(payload: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    changed = deepcopy(payload)
    holder = changed
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("payload", [None, 5, "x", [], {}, {"event_name": None}, {"event_name": 7}, {"a": "b"}])
def test_a_body_without_a_name_is_no_event(payload: object) -> None:
    assert codec.parse(payload, NOW) == []


@pytest.mark.parametrize("payload", EVERY, ids=lambda payload: payload["event_name"])
def test_any_field_may_be_missing_null_or_of_another_type(payload: dict[str, Any]) -> None:
    can_be_stored(payload)
    can_be_stored(zalo_relations.with_numbers(payload))
    for path in paths_of(payload):
        can_be_stored(zalo_relations.without(payload, *path))
        for value in ODD:
            can_be_stored(replaced(payload, path, value))


@pytest.mark.parametrize(
    "odd", [{"timestamp": {}}, {"user_id": {}}, {"oa_id": []}, {"info": {"name": 5}}, {"info": 5}, {"follower": "x"}]
)
def test_an_odd_neighbour_does_not_cost_her_words(odd: dict[str, Any]) -> None:
    payload = EVENTS.text(USER, "2kg cam")
    [whole] = codec.parse(payload, NOW)

    [found] = can_be_stored({**payload, **odd})

    assert (found.account, found.sender, found.key, found.event) == (COOP, whole.sender, whole.key, Text("2kg cam"))


def test_an_odd_part_of_a_form_costs_only_itself() -> None:
    payload = EVENTS.text(USER, "x") | {"event_name": "user_submit_info"}
    for info, card in (
        ({"name": 5, "phone": "84905000111", "address": "Thôn 2"}, ContactCard("", "0905000111", "Thôn 2")),
        ({"name": "Hà", "full_address": "x", "address": "Thôn 2"}, ContactCard("Hà", "", "Thôn 2")),
        ({"name": "Hà", "full_address": {"user_city": 5, "user_ward": "Ea Kao"}}, ContactCard("Hà", "", "Ea Kao")),
    ):
        [found] = codec.parse(payload | {"info": info}, NOW)
        assert found.event == card


def test_words_whose_message_has_an_odd_id_are_heard() -> None:
    payload = EVENTS.text(USER, "2kg cam")
    payload["message"]["msg_id"] = {}
    [found] = can_be_stored(payload)
    assert (found.sender != "", found.event) == (True, Text("2kg cam"))


def test_an_echo_with_an_odd_neighbour_stays_an_echo() -> None:
    payload = EVENTS.text(USER, "Chào") | {"event_name": "oa_send_text", "user_id": {}}
    payload["sender"], payload["recipient"] = payload["recipient"], payload["sender"]
    [found] = can_be_stored(payload)
    assert found.event == Silent("echo", "Chào")


def test_a_voice_note_keeps_the_words_beside_it() -> None:
    payload = EVENTS.audio(USER, "https://v.zdn.vn/1.amr")
    payload["message"]["text"] = "tem 483920176504"
    [found] = codec.parse(payload, NOW)
    assert found.event == Voice("https://v.zdn.vn/1.amr", "tem 483920176504")


def test_of_very_many_links_the_first_ten_are_words() -> None:
    links = [{"type": "link", "payload": {"url": f"https://x.example/{n}"}} for n in range(20_000)]
    payload = EVENTS.text(USER, "")
    payload["message"]["attachments"] = links
    [found] = codec.parse(payload, NOW)
    assert found.event == Text(" ".join(f"https://x.example/{n}" for n in range(5)))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"sender": "7"},
        {"sender": {"id": 1.5}},
        {"sender": {"id": True}},
        {"message": "x"},
        {"message": {"text": ["x"]}},
        {"message": {"msg_id": {}, "text": 5}, "sender": []},
        {"sender": [], "timestamp": []},
    ],
)
def test_what_cannot_be_read_is_kept_with_its_json(spoilt: dict[str, Any]) -> None:
    payload = {**EVENTS.text(USER, "2kg cam"), **spoilt}

    [found] = can_be_stored(payload)

    assert (found.sender, found.event) == ("", Silent("unreadable"))
    assert msgspec.json.decode(found.raw) == payload


@pytest.mark.parametrize("sender", ["", None, "7\x00", "bác", "7" * 200, "7 8"])
def test_a_sender_that_the_database_could_not_hold_is_nobody(sender: object) -> None:
    [found] = can_be_stored({**EVENTS.text(USER, "a"), "sender": {"id": sender}})

    assert (found.sender, found.event) == ("", Silent("no_sender"))


def test_an_id_that_the_database_could_not_hold_gives_way_to_time_and_person() -> None:
    for message_id in ("", "m\x00", "m_à", "m" * 2000):
        [found] = can_be_stored(EVENTS.between(USER, "user_send_text", message={"msg_id": message_id, "text": "a"}))
        assert found.key.startswith("user_send_text:1795")


def test_an_id_beyond_64_bits_that_comes_as_a_number_loses_no_digit() -> None:
    body = read_body(
        b'{"event_name":"user_send_text","sender":{"id":99999999999999999991},"recipient":{"id":1},"message":{"text":"a"}}'
    )

    assert [(one.sender, one.event) for one in can_be_stored(body)] == [("99999999999999999991", Text("a"))]


def test_a_text_of_any_length_is_cut_and_cleaned() -> None:
    [found] = can_be_stored(EVENTS.text(USER, "á\x00\u202e" + "x" * 100_000))

    assert found.event == Text("á" + "x" * 1997)


def test_half_a_surrogate_pair_is_replaced() -> None:
    body = read_body(
        rb'{"event_name":"user_send_text","sender":{"id":"246845883529197922"},"recipient":{"id":"388613280878808645"},'
        rb'"message":{"text":"cam \ud83d","msg_id":"1"},"timestamp":"1795219200000"}'
    )

    assert [one.event for one in can_be_stored(body)] == [Text("cam \ufffd")]


SHAPES = [shape for shape in vars(shapes).values() if isinstance(shape, type) and issubclass(shape, msgspec.Struct)]
NAMES = st.sampled_from(
    [field.name for shape in SHAPES for field in msgspec.structs.fields(shape)]
    + ["url", "description", "coordinates", "latitude", "longitude", "payload", "type", "new_status"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        [COOP, "246845883529197922", "84905000111", "1795219200000", "image", "location", "link", "#7.yes"]
    )
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)
EVENT_NAMES = st.sampled_from([*sorted(codec.KNOWN), "oa_send_text", "user_send_group_text", "new_one"]) | st.text()


@given(fields=st.dictionaries(NAMES, JSON, max_size=8), name=EVENT_NAMES)
def test_whatever_a_body_holds_it_becomes_one_event_that_can_be_stored(fields: dict[str, Any], name: str) -> None:
    assert len(can_be_stored({**fields, "event_name": name})) == 1


@given(payload=JSON)
def test_whatever_json_comes_nothing_raises(payload: object) -> None:
    can_be_stored(payload)


@given(
    words=st.text(max_size=60) | st.from_regex(r"#[0-9]{1,10}\.[a-z_.]{1,12}(-[A-Za-z0-9_:=-]{1,44})?", fullmatch=True)
)
def test_words_of_any_kind_are_words_or_a_tap_and_hers(words: str) -> None:
    [found] = can_be_stored(EVENTS.text(USER, words))

    event: Event = found.event
    assert found.sender == USER.user_id
    assert type(event).__name__ in {"Text", "Tap", "Other"}
