"""Who may be written to, when, and at what price: tokens, packages, windows, rates, reactions, dead addresses."""

from collections.abc import Callable, Iterator

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, APP_SECRET, COOP, OTHER, Caller, two_coops
from tests.simulators.zalo_clock import Clock, milliseconds
from tests.simulators.zalo_grants import proof
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_world import App, Oa, Package

HELLO = {"text": "Chào bác"}
CS = "/v3.0/oa/message/cs"


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


def refresh(zalo: Zalo, caller: Caller) -> None:
    """A new token, after the clock moved."""
    caller.token = zalo.grant(COOP).access_token


def test_a_text_arrives_and_is_free(caller: Caller, zalo: Zalo, ha: Phone, clock: Clock) -> None:
    answer = caller.text(ha.user_id, "Chào bác")

    message_id = zalo.delivered[0].message_id
    until = str(int(milliseconds(clock())) + 48 * 3600 * 1000)
    quota = {"quota_type": "reply", "expired_date": until, "owner_type": "OA", "owner_id": COOP}
    data = {"message_id": message_id, "user_id": ha.user_id, "sent_time": milliseconds(clock()), "quota": quota}
    assert answer == {"error": 0, "message": "Success", "data": data}
    assert ha.bubbles == zalo.to(ha.user_id) == [Shown("Chào bác")]


@pytest.mark.parametrize(
    "headers", [{}, {"access_token": "made up"}, {"Authorization": "Bearer right"}, {"access_token": ""}]
)
def test_only_a_good_token_in_its_own_header_counts(zalo: Zalo, ha: Phone, headers: dict[str, str]) -> None:
    token = zalo.grant(COOP).access_token
    sent = {name: value.replace("right", token) for name, value in headers.items()}
    body = {"recipient": {"user_id": ha.user_id}, "message": HELLO, "access_token": token}

    answer = requests.post(zalo.url + CS, json=body, headers=sent, params={"access_token": token}, timeout=10)

    assert (answer.status_code, answer.json()) == (200, {"error": -216, "message": "Access token is invalid"})
    assert zalo.delivered == []


def test_token_errors_can_come_as_http_401(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    zalo.switches.token_status = 401
    clock.advance(hours=25)

    answer = caller.get("/v2.0/oa/getoa")

    assert (answer.status_code, answer.json()["error"]) == (401, -220)


def test_an_app_that_demands_a_proof_gets_one_or_refuses(zalo: Zalo, caller: Caller) -> None:
    zalo.state.apps[APP_ID].demand_proof = True
    url, token = f"{zalo.url}/v2.0/oa/getoa", caller.token

    with_none = caller.get("/v2.0/oa/getoa").json()
    headers = {"access_token": token, "appsecret_proof": proof(token, "wrong")}
    with_wrong = requests.get(url, headers=headers, timeout=10).json()
    headers["appsecret_proof"] = proof(token, APP_SECRET)
    with_right = requests.get(url, headers=headers, timeout=10).json()

    assert (with_none["error"], with_wrong["error"], with_right["error"]) == (-242, -242, 0)


def free(zalo: Zalo, _phone: Phone, _clock: Clock) -> None:
    zalo.oa(COOP).package = Package.FREE


def unverified(zalo: Zalo, _phone: Phone, _clock: Clock) -> None:
    zalo.oa(COOP).verified = False


def free_and_unverified(zalo: Zalo, _phone: Phone, _clock: Clock) -> None:
    zalo.oa(COOP).package, zalo.oa(COOP).verified = Package.FREE, False


def package_over(zalo: Zalo, _phone: Phone, clock: Clock) -> None:
    zalo.oa(COOP).package_until = clock()


def disabled(zalo: Zalo, _phone: Phone, _clock: Clock) -> None:
    zalo.oa(COOP).enabled = False


@pytest.mark.parametrize(
    ("befall", "code"),
    [(free, -224), (unverified, -221), (free_and_unverified, -224), (package_over, -224), (disabled, -204)],
)
def test_an_account_that_may_not_send_may_not_ask_either(
    *, zalo: Zalo, caller: Caller, ha: Phone, clock: Clock, befall: Callable[[Zalo, Phone, Clock], None], code: int
) -> None:
    befall(zalo, ha, clock)

    assert caller.error(ha.user_id, HELLO)[0] == code
    assert caller.get("/v3.0/oa/user/detail", {"user_id": ha.user_id}).json()["error"] == code
    assert ha.bubbles == []


def test_an_account_without_a_package_can_still_look_at_itself(zalo: Zalo, caller: Caller) -> None:
    zalo.oa(COOP).package = Package.FREE

    assert caller.get("/v2.0/oa/getoa").json()["data"]["package_name"] == "Dùng thử"


def blocked(zalo: Zalo, phone: Phone, _clock: Clock) -> None:
    phone.block()


def banned(zalo: Zalo, phone: Phone, _clock: Clock) -> None:
    phone.person.banned = True


def week_ago(zalo: Zalo, _phone: Phone, clock: Clock) -> None:
    clock.advance(days=7, seconds=1)


def months_ago(zalo: Zalo, _phone: Phone, clock: Clock) -> None:
    clock.advance(days=45, seconds=1)


@pytest.mark.parametrize(("befall", "code"), [(blocked, -244), (banned, -227), (week_ago, -230), (months_ago, -227)])
def test_who_may_not_be_written_to(
    *, zalo: Zalo, caller: Caller, ha: Phone, clock: Clock, befall: Callable[[Zalo, Phone, Clock], None], code: int
) -> None:
    befall(zalo, ha, clock)
    refresh(zalo, caller)

    assert caller.error(ha.user_id, HELLO)[0] == code
    assert (ha.bubbles, zalo.oa(COOP).charged) == ([], 0)


def test_the_number_after_a_week_is_a_switch(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    zalo.switches.stale = -232
    clock.advance(days=8)
    refresh(zalo, caller)

    assert caller.error(ha.user_id, HELLO)[0] == -232


def test_strangers_cannot_be_written_to(zalo: Zalo, caller: Caller) -> None:
    never = zalo.phone(COOP, "Lan")

    assert caller.error(never.user_id, HELLO)[0] == -232
    assert caller.error("246845883529197922", HELLO)[0] == -232


def test_who_followed_left_and_never_wrote_is_not_a_follower(zalo: Zalo, caller: Caller) -> None:
    lan = zalo.phone(COOP, "Lan")
    lan.follow()
    assert caller.error(lan.user_id, HELLO)[0] == 0
    lan.unfollow()

    assert caller.error(lan.user_id, HELLO) == (-213, "User has not followed OA")
    lan.type("chào")
    assert caller.error(lan.user_id, HELLO)[0] == 0


def test_who_pressed_the_chat_button_may_be_written_to_first(zalo: Zalo, caller: Caller) -> None:
    lan = zalo.phone(COOP, "Lan")
    lan.press_chat()

    assert caller.error(lan.user_id, HELLO)[0] == 0


def test_ids_of_one_account_mean_nothing_at_another(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    there = zalo.phone(OTHER, "Hà", "84905000111")
    there.type("chào")

    assert there.user_id != ha.user_id
    assert there.user.by_app == ha.user.by_app
    assert caller.error(there.user_id, HELLO)[0] == -232


def test_from_two_days_on_a_message_costs_55_dong(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    clock.advance(hours=48)
    refresh(zalo, caller)
    assert caller.text(ha.user_id, "vẫn miễn phí")["data"]["quota"]["quota_type"] == "reply"
    clock.advance(seconds=1)

    answer = caller.text(ha.user_id, "mất tiền")

    assert sorted(answer["data"]) == ["message_id", "sent_time", "user_id"]
    assert (zalo.oa(COOP).charged, zalo.oa(COOP).money) == (55, 999_945)
    assert [one.charged for one in zalo.delivered] == [0, 55]


def test_a_quota_of_the_package_goes_before_money(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    zalo.oa(COOP).sub_quota = 1
    clock.advance(days=3)
    refresh(zalo, caller)

    first, second = caller.text(ha.user_id, "một"), caller.text(ha.user_id, "hai")

    assert (first["data"]["quota"]["quota_type"], first["data"]["quota"]["remain"]) == ("sub_quota", "0")
    assert "quota" not in second["data"]
    assert zalo.oa(COOP).charged == 55


def test_without_an_account_for_money_only_late_messages_fail(
    zalo: Zalo, caller: Caller, ha: Phone, clock: Clock
) -> None:
    zalo.oa(COOP).zca_linked = False
    assert caller.error(ha.user_id, HELLO)[0] == 0
    clock.advance(days=3)
    refresh(zalo, caller)
    assert caller.error(ha.user_id, HELLO)[0] == -320

    zalo.oa(COOP).zca_linked, zalo.oa(COOP).money = True, 54
    assert caller.error(ha.user_id, HELLO)[0] == -321
    zalo.oa(COOP).money = 55
    assert caller.error(ha.user_id, HELLO)[0] == 0
    assert (zalo.oa(COOP).money, len(ha.bubbles)) == (0, 2)


@pytest.mark.parametrize(
    "act",
    [
        lambda phone: phone.type("chào"),
        lambda phone: phone.send_sticker(),
        lambda phone: phone.press_chat(),
        lambda phone: phone.follow(),
        lambda phone: phone.submit_info(name="Hà", phone="84905000111", city="Đắk Lắk", ward="x", address="y"),
    ],
)
def test_every_interaction_opens_the_window_anew(
    zalo: Zalo, caller: Caller, ha: Phone, clock: Clock, act: Callable[[Phone], object]
) -> None:
    clock.advance(days=8)
    refresh(zalo, caller)
    assert caller.error(ha.user_id, HELLO)[0] == -230

    act(ha)

    assert caller.text(ha.user_id, "chào lại")["data"]["quota"]["quota_type"] == "reply"


def test_leaving_opens_no_window(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    clock.advance(days=8)
    refresh(zalo, caller)
    ha.unfollow()

    assert caller.error(ha.user_id, HELLO)[0] == -230


def test_each_answer_says_what_is_left_of_the_minute(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    rooms = [caller.get("/v2.0/oa/getoa").headers for _ in range(2)]
    clock.advance(minutes=1)
    rooms.append(caller.get("/v2.0/oa/getoa").headers)

    assert [room["X-RateLimit-Limit"] for room in rooms] == ["100", "100", "100"]
    assert [room["X-RateLimit-Remain"] for room in rooms] == ["99", "98", "99"]


def test_an_account_has_a_hundred_calls_a_clock_minute(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    for _ in range(100):
        assert caller.error(ha.user_id, HELLO)[0] == 0

    refused = caller.post(CS, {"recipient": {"user_id": ha.user_id}, "message": HELLO})

    text = "The OA reached limit call api, try again in the next minute"
    assert (refused.status_code, refused.json()) == (200, {"error": -32, "message": text})
    assert refused.headers["X-RateLimit-Remain"] == "0"
    assert len(ha.bubbles) == 100
    clock.advance(seconds=60)
    assert caller.error(ha.user_id, HELLO)[0] == 0


def test_refused_messages_count_as_calls_too(zalo: Zalo, caller: Caller) -> None:
    caller.error("1", HELLO)

    assert caller.get("/v2.0/oa/getoa").headers["X-RateLimit-Remain"] == "98"


def test_the_app_has_a_limit_over_all_its_accounts(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    assert zalo.state.apps[APP_ID].rate == 4000
    zalo.state.apps[APP_ID].rate = 3
    with requests.Session() as session:
        other = Caller(zalo.url, zalo.grant(OTHER).access_token, session)
        for one in (caller, other, other):
            assert one.get("/v2.0/oa/getoa").json()["error"] == 0

    text = "Your application reached limit call api, try again in the next minute"
    assert caller.error(ha.user_id, HELLO) == (-32, text)


def test_the_big_package_allows_two_thousand(zalo: Zalo, caller: Caller) -> None:
    zalo.oa(COOP).package = Package.WHOLE

    assert caller.get("/v2.0/oa/getoa").headers["X-RateLimit-Limit"] == "2000"


@pytest.mark.parametrize("kind", ["transaction", "promotion"])
def test_messages_that_zalo_gave_up_are_refused(zalo: Zalo, caller: Caller, ha: Phone, kind: str) -> None:
    answer = caller.post(f"/v3.0/oa/message/{kind}", {"recipient": {"user_id": ha.user_id}, "message": HELLO}).json()

    assert answer["error"] == -233
    assert ha.bubbles == []


def test_texts_of_the_second_version_are_refused(caller: Caller, ha: Phone) -> None:
    answer = caller.post("/v2.0/oa/message", {"recipient": {"user_id": ha.user_id}, "message": HELLO}).json()

    assert answer == {"error": -240, "message": "MessageV2 API has been shut down"}
    assert ha.bubbles == []


@pytest.mark.parametrize("path", ["/v3.0/oa/message", "/v3.0/oa/nothing", "/"])
def test_other_addresses_are_404(caller: Caller, path: str) -> None:
    answer = caller.post(path, {"message": HELLO})

    body = {"error": 404, "message": "You are accessing an empty or invalid API"}
    assert (answer.status_code, answer.json()) == (404, body)


def react(caller: Caller, phone: Phone, icon: str, message_id: str) -> int:
    action = {"react_icon": icon, "react_message_id": message_id}
    body = {"recipient": {"user_id": phone.user_id}, "sender_action": action}
    code: int = caller.post("/v2.0/oa/message", body).json()["error"]
    return code


def test_a_reaction_is_free_and_no_bubble(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    message_id = ha.window[0].message_id

    assert react(caller, ha, "/-strong", message_id) == 0
    assert (ha.bubbles, zalo.state.reactions[COOP, message_id]) == ([], 1)


def test_a_reaction_needs_a_known_icon_and_message_and_ends_at_fifty(caller: Caller, ha: Phone) -> None:
    message_id = ha.window[0].message_id

    assert react(caller, ha, "👍", message_id) == -201
    assert react(caller, ha, "/-strong", "0" * 19) == -201
    assert [react(caller, ha, "/-heart", message_id) for _ in range(51)] == [0] * 50 + [-210]


def test_somebody_without_an_account_is_answered_in_her_conversation(zalo: Zalo, caller: Caller) -> None:
    recipient = {"anonymous_id": "a1", "conversation_id": "c1"}

    good = caller.post("/v2.0/oa/message", {"recipient": recipient, "message": HELLO}).json()
    bad = caller.post("/v2.0/oa/message", {"recipient": {"anonymous_id": "a1"}, "message": HELLO}).json()

    assert (good["error"], bad["error"]) == (0, -201)
    assert zalo.to("a1") == [Shown("Chào bác")]


def test_a_third_account_on_the_free_package_fails_alone(clock: Clock) -> None:
    app = App(APP_ID, APP_SECRET)
    oas = [Oa(COOP, APP_ID, "s"), Oa(OTHER, APP_ID, "s"), Oa("7", APP_ID, "s", package=Package.FREE)]
    with Zalo(apps=[app], oas=oas, clock=clock) as zalo, requests.Session() as session:
        tokens = {oa.oa_id: zalo.grant(oa.oa_id).access_token for oa in oas}
        zalo.revoke(OTHER)
        codes = {}
        for oa in oas:
            phone = zalo.phone(oa.oa_id, "Hà")
            phone.type("chào")
            codes[oa.oa_id] = Caller(zalo.url, tokens[oa.oa_id], session).error(phone.user_id, HELLO)[0]

    assert codes == {COOP: 0, OTHER: -216, "7": -224}


def test_an_account_without_an_app_is_our_mistake(clock: Clock) -> None:
    with pytest.raises(ValueError, match="belongs to no app"):
        Zalo(apps=[], oas=[Oa(COOP, APP_ID, "s")], clock=clock)
