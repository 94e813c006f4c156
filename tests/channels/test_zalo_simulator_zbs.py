"""ZBS template messages by telephone number and by user id."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, COOP, Caller, Hook, rightly_signed, two_coops
from tests.simulators.zalo_clock import Clock, milliseconds
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_world import Package
from tests.simulators.zalo_zbs_template import Parameter, Template

PHONE = "84905000111"
PLACED = Template(
    "310001",
    "Đơn hàng",
    "Chào <ten>, đơn <ma> là <tien>đ. <ghi_chu>",
    (
        Parameter("ten", "NAME"),
        Parameter("ma", "CODE"),
        Parameter("tien", "CURRENCY"),
        Parameter("ghi_chu", "NOTE", require=False),
    ),
)
PENDING = Template("310002", "Chờ duyệt", "Chào", (), status="PENDING_REVIEW")
POOR = Template("310003", "Bị khóa", "Chào", (), status="DISABLE", quality="LOW")
PHONE_ONLY = Template("310004", "Mã", "Chào", (), by_uid=False)
DATA = {"ten": "Hà", "ma": "DH7K2M", "tien": "489000"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        zalo.oa(COOP).templates = {one.template_id: one for one in (PLACED, PENDING, POOR, PHONE_ONLY)}
        zalo.person("Hà", PHONE)
        yield zalo


@pytest.fixture
def caller(zalo: Zalo) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(zalo.url, zalo.grant(COOP).access_token, session)


def notify(caller: Caller, **changes: object) -> dict[str, Any]:
    body = {"phone": PHONE, "template_id": "310001", "template_data": DATA, "tracking_id": "order:1", **changes}
    answer: dict[str, Any] = caller.post("/message/template", body).json()
    return answer


def test_a_notice_by_number_arrives_costs_and_is_counted(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    answer = notify(caller)

    user_id = zalo.phone(COOP, "Hà", PHONE).user_id
    assert zalo.to(user_id) == [Shown("Chào Hà, đơn DH7K2M là 489000đ. ", kind="zbs")]
    assert answer["data"] == {
        "msg_id": zalo.delivered[0].message_id,
        "sent_time": milliseconds(clock()),
        "sending_mode": "1",
        "quota": {"dailyQuota": "500", "remainingQuota": "499"},
    }
    assert zalo.oa(COOP).charged == 300


@pytest.mark.parametrize("phone", ["84905000111", "0905000111", "+84905000111"])
def test_a_number_is_known_in_three_spellings(zalo: Zalo, caller: Caller, phone: str) -> None:
    assert notify(caller, phone=phone)["error"] == 0


def test_the_receipt_carries_the_number_and_our_own_id(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    with Hook() as hook:
        zalo.save_webhook(APP_ID, hook.url)
        message_id = notify(caller)["data"]["msg_id"]
        zalo.settle()

        assert hook.events == [
            {
                "app_id": APP_ID,
                "sender": {"id": COOP},
                "recipient": {"id": PHONE},
                "event_name": "user_received_message",
                "message": {
                    "delivery_time": milliseconds(clock()),
                    "msg_id": message_id,
                    "tracking_id": "order:1",
                },
                "timestamp": milliseconds(clock()),
            }
        ]
        assert hook.requests[1].headers["x-zevent-server"] == "ZNS"
        assert rightly_signed(hook.requests[1])


def test_one_tracking_id_twice_is_two_messages(zalo: Zalo, caller: Caller) -> None:
    notify(caller)
    notify(caller)

    assert (len(zalo.delivered), zalo.oa(COOP).charged) == (2, 600)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "12"}, -108),
        ({"phone": "84123456789"}, -108),
        ({"template_id": "1"}, -109),
        ({"template_data": {}}, -111),
        ({"template_data": {**DATA, "ma": ""}}, -1122),
        ({"template_data": {"ten": "Hà", "tien": "1"}}, -1122),
        ({"template_data": {**DATA, "ten": "H" * 31}}, -1121),
        ({"template_data": {**DATA, "ghi_chu": "x" * 91}}, -1121),
        ({"template_data": {**DATA, "tien": "489.000"}}, -1124),
        ({"template_data": {**DATA, "tien": "-1"}}, -1124),
        ({"template_data": {**DATA, "tien": "1" * 13}}, -1121),
        ({"tracking_id": ""}, -111),
        ({"tracking_id": "x" * 49}, -111),
        ({"phone": "84905999999"}, -118),
        ({"template_id": "310002"}, -131),
        ({"template_id": "310003"}, -146),
        ({"mode": "development"}, -127),
    ],
)
def test_a_bad_notice_has_its_number_and_costs_nothing(
    zalo: Zalo, caller: Caller, changes: dict[str, object], code: int
) -> None:
    assert notify(caller, **changes)["error"] == code
    assert (zalo.delivered, zalo.oa(COOP).charged) == ([], 0)


def test_admins_may_try_a_template_before_it_is_approved(zalo: Zalo, caller: Caller) -> None:
    zalo.oa(COOP).admins.append(PHONE)

    assert notify(caller, template_id="310002", mode="development")["error"] == 0


def test_who_takes_no_notices_gets_none(zalo: Zalo, caller: Caller) -> None:
    zalo.person("Hà", PHONE).takes_notices = False

    assert notify(caller)["error"] == -114


def test_a_number_without_zalo_gets_none(zalo: Zalo, caller: Caller) -> None:
    zalo.person("Hà", PHONE).on_zalo = False

    assert notify(caller)["error"] == -118


def test_money_quota_and_account_have_numbers_of_their_own(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    oa = zalo.oa(COOP)
    oa.money = 299
    assert notify(caller)["error"] == -115
    oa.money, oa.zca_linked = 1000, False
    assert notify(caller)["error"] == -136
    oa.zca_linked, oa.daily_notices = True, 1
    assert [notify(caller)["error"] for _ in range(2)] == [0, -144]
    clock.advance(hours=15)
    assert notify(caller)["error"] == 0
    oa.package = Package.FREE
    assert notify(caller)["error"] == -135


def test_at_night_notices_are_refused_where_the_switch_says_so(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    clock.advance(hours=13)
    assert notify(caller)["error"] == 0

    zalo.switches.night = True
    assert notify(caller)["error"] == -133
    clock.advance(hours=7, minutes=59)
    assert notify(caller)["error"] == -133
    clock.advance(minutes=1)
    assert notify(caller)["error"] == 0
    clock.advance(hours=15, minutes=59)
    caller.token = zalo.grant(COOP).access_token
    assert notify(caller)["error"] == 0


def test_a_bad_token_is_124_here(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    clock.advance(hours=25)
    assert notify(caller) == {"error": -124, "message": "Access token is invalid"}
    caller.token = "made up"
    assert notify(caller)["error"] == -124


def test_notices_are_outside_the_rate_of_the_account(zalo: Zalo, caller: Caller) -> None:
    body = {"phone": PHONE, "template_id": "310001", "template_data": DATA, "tracking_id": "order:1"}

    room = caller.post("/message/template", body).headers

    assert (room["X-RateLimit-Limit"], room["X-RateLimit-Remain"]) == ("4000", "3999")
    assert caller.get("/v2.0/oa/getoa").headers["X-RateLimit-Remain"] == "99"


def test_templates_are_listed_by_status(caller: Caller) -> None:
    def listed(**query: str) -> list[str]:
        return [one["templateId"] for one in caller.get("/template/all", **query).json()["data"]]

    assert listed(offset="0", limit="100") == ["310001", "310002", "310003", "310004"]
    assert listed(offset="1", limit="2") == ["310002", "310003"]
    assert (listed(status="1"), listed(status="2")) == (["310001", "310004"], ["310002"])
    assert caller.get("/template/all", offset="0", limit="101").json()["error"] == -111


def test_a_template_says_how_long_each_parameter_may_be(caller: Caller) -> None:
    details = caller.get("/template/info/v2", template_id="310001").json()["data"]

    lengths = {one["name"]: (one["maxLength"], one["require"]) for one in details["listParams"]}
    assert lengths == {"ten": (30, True), "ma": (30, True), "tien": (12, True), "ghi_chu": (90, False)}
    assert (details["price_sdt"], details["price_uid"]) == (300, 200)
    assert caller.get("/template/info/v2", template_id="1").json()["error"] == -109


def test_status_quota_and_quality_can_be_asked(caller: Caller) -> None:
    message_id = notify(caller)["data"]["msg_id"]

    assert caller.get("/message/status", message_id=message_id).json()["data"]["status"] == 1
    assert caller.get("/message/status", message_id="1").json()["error"] == -111
    assert caller.get("/message/quota").json()["data"] == {"dailyQuota": "500", "remainingQuota": "499"}
    assert caller.get("/quality").json()["data"] == {"oaCurrentQuality": "HIGH", "oa7dayQuality": "HIGH"}


def by_user(caller: Caller, user_id: str, **changes: object) -> dict[str, Any]:
    body = {"user_id": user_id, "template_id": "310001", "template_data": DATA, **changes}
    answer: dict[str, Any] = caller.post("/v3.0/oa/message/template", body).json()
    return answer


def test_a_notice_by_user_id_needs_no_window_and_is_cheaper(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    ha = zalo.phone(COOP, "Hà", PHONE)
    ha.type("chào")
    clock.advance(days=30)
    caller.token = zalo.grant(COOP).access_token
    assert caller.error(ha.user_id, {"text": "a"})[0] == -230

    answer = by_user(caller, ha.user_id)

    assert sorted(answer["data"]) == ["message_id", "quota", "sent_time", "user_id"]
    assert (ha.bubbles[0].kind, zalo.oa(COOP).charged) == ("zbs", 200)


def test_by_user_id_refusals_are_those_of_the_other_host(zalo: Zalo, caller: Caller) -> None:
    ha, oa = zalo.phone(COOP, "Hà", PHONE), zalo.oa(COOP)
    assert by_user(caller, "1")["error"] == -201
    assert by_user(caller, ha.user_id, template_id="310004")["error"] == -249
    oa.zca_linked = False
    assert by_user(caller, ha.user_id)["error"] == -320
    oa.zca_linked, oa.money = True, 0
    assert by_user(caller, ha.user_id)["error"] == -321
    ha.block()
    assert by_user(caller, ha.user_id)["error"] == -244
    ha.person.banned = True
    assert by_user(caller, ha.user_id)["error"] == -227
    caller.token = "made up"
    assert by_user(caller, ha.user_id)["error"] == -216
    assert ha.bubbles == []
