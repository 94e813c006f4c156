"""What an OA may ask about people, about itself, and about what was said."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import COOP, Caller, Hook, two_coops
from tests.simulators.zalo_clock import Clock, milliseconds
from tests.simulators.zalo_phone import Phone

DETAIL, LIST = "/v3.0/oa/user/detail", "/v3.0/oa/user/getlist"


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
    """She follows and has just written."""
    phone = zalo.phone(COOP, "Hà", "84905000111", is_sensitive=True)
    phone.follow()
    phone.type("chào")
    return phone


def test_her_details_have_every_field(caller: Caller, ha: Phone) -> None:
    ha.submit_info(name="Hà", phone="84905000111", city="Đắk Lắk", ward="Cư M'gar", address="Buôn Trấp")

    assert caller.get(DETAIL, {"user_id": ha.user_id}).json()["data"] == {
        "user_id": ha.user_id,
        "user_id_by_app": ha.user.by_app,
        "user_external_id": "",
        "display_name": "Hà",
        "user_alias": "",
        "is_sensitive": True,
        "user_last_interaction_date": "21/11/2026",
        "user_is_follower": True,
        "avatar": f"https://s120-ava-talk.zadn.vn/{ha.user_id}.jpg",
        "avatars": {
            "120": f"https://s120-ava-talk.zadn.vn/{ha.user_id}.jpg",
            "240": f"https://s240-ava-talk.zadn.vn/{ha.user_id}.jpg",
        },
        "dynamic_param": "",
        "tags_and_notes_info": {"notes": [], "tag_names": []},
        "shared_info": {"name": "Hà", "phone": "84905000111", "city": "Đắk Lắk", "address": "Buôn Trấp"},
    }


@pytest.mark.parametrize(("asked", "code"), [({"user_id": "1" * 18}, -213), ({"user_id": "x"}, -201), ({}, -201)])
def test_details_of_nobody_are_refused(caller: Caller, asked: dict[str, str], code: int) -> None:
    assert caller.get(DETAIL, asked).json()["error"] == code


def test_details_need_the_parameter_data(caller: Caller, ha: Phone) -> None:
    assert caller.get(DETAIL, user_id=ha.user_id).json() == {"error": -201, "message": "Params is invalid!"}


def ids(caller: Caller, **asked: object) -> tuple[int, list[str]]:
    data = caller.get(LIST, {"offset": 0, "count": 50, **asked}).json()["data"]
    return data["total"], [one["user_id"] for one in data["users"]]


def test_the_list_can_be_narrowed(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    zalo.phone(COOP, "Xa lạ")
    clock.advance(days=1)
    lan = zalo.phone(COOP, "Lan")
    lan.type("chào")
    caller.post("/v2.0/oa/tag/tagfollower", {"user_id": lan.user_id, "tag_name": "khách quen"})

    assert ids(caller) == (2, [ha.user_id, lan.user_id])
    assert ids(caller, offset=1, count=1) == (2, [lan.user_id])
    assert ids(caller, is_follower="true") == (1, [ha.user_id])
    assert ids(caller, tag_name="khách quen") == (1, [lan.user_id])
    assert ids(caller, last_interaction_period="TODAY") == (1, [lan.user_id])
    assert ids(caller, last_interaction_period="YESTERDAY") == (1, [ha.user_id])
    assert ids(caller, last_interaction_period="L7D") == (2, [ha.user_id, lan.user_id])


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"count": 51}, -210), ({"offset": 9952}, -210), ({"count": "5"}, -201), ({"last_interaction_period": "x"}, -201)],
)
def test_a_list_has_limits(caller: Caller, ha: Phone, asked: dict[str, object], code: int) -> None:
    assert caller.get(LIST, {"offset": 0, "count": 50, **asked}).json()["error"] == code


def test_the_account_says_what_it_is(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    zalo.oa(COOP).package_until = clock()
    account = {
        "oaid": COOP,
        "name": "HTX Chợ Phiên",
        "description": "",
        "oa_type": 2,
        "is_verified": True,
        "num_follower": 1,
        "package_name": "Tăng trưởng",
        "package_valid_through_date": "21/11/2026",
        "linked_ZCA": "1",
    }
    assert caller.get("/v2.0/oa/getoa").json()["data"] == account

    zalo.switches.oa_field = "oa_id"
    assert caller.get("/v2.0/oa/getoa").json()["data"]["oa_id"] == COOP


def test_tags_are_put_on_and_taken_off_and_the_webhook_hears_of_it(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    def tag(call: str, **body: str) -> int:
        code: int = caller.post(f"/v2.0/oa/tag/{call}", {"tag_name": "khách quen", **body}).json()["error"]
        return code

    def all_tags() -> list[str]:
        found: list[str] = caller.get("/v2.0/oa/tag/gettagsofoa").json()["data"]
        return found

    with Hook() as hook:
        assert zalo.save_webhook(zalo.oa(COOP).app_id, hook.url)
        assert tag("tagfollower", user_id=ha.user_id) == 0
        assert (all_tags(), ha.user.tags) == (["khách quen"], ["khách quen"])
        assert tag("rmfollowerfromtag", user_id=ha.user_id) == 0
        assert tag("rmfollowerfromtag", user_id=ha.user_id) == -201
        tag("tagfollower", user_id=ha.user_id)
        assert tag("rmtag") == 0
        assert (all_tags(), ha.user.tags, tag("rmtag")) == ([], [], -201)
        zalo.settle()

        assert hook.names == ["add_user_to_tag", "remove_user_from_tag", "add_user_to_tag", "remove_tag"]
        assert hook.events[3]["tag"] == {"user_ids": [ha.user_id], "name": "khách quen"}


def quota(caller: Caller, **body: str) -> Any:
    return caller.post("/v3.0/oa/quota/message", body).json()


def test_the_quota_of_a_person_says_when_she_last_wrote(caller: Caller, ha: Phone, clock: Clock) -> None:
    written = milliseconds(clock())
    clock.advance(hours=20)

    assert quota(caller, user_id=ha.user_id)["data"] == {
        "last_interaction": written,
        "cs_reply": {"remain": 8, "total": 8},
        "promotion": {"daily_remain": 0, "daily_total": 0, "monthly_remain": 0, "monthly_total": 0},
    }
    assert quota(caller, user_id="1" * 18)["error"] == -213


def test_the_quota_of_the_account_is_a_list(zalo: Zalo, caller: Caller) -> None:
    asked = {"quota_owner": "OA", "product_type": "cs", "quota_type": "sub_quota"}
    assert quota(caller, **asked)["data"] == []

    zalo.oa(COOP).sub_quota = 40
    asset = quota(caller, **asked)["data"][0]

    assert sorted(asset) == ["asset_id", "product_type", "quota_type", "remain", "total", "valid_through"]
    assert (asset["quota_type"], asset["remain"]) == ("sub_quota", 40)
    assert quota(caller, quota_owner="OA")["error"] == -201


def test_history_is_a_bare_list_the_newest_first(zalo: Zalo, caller: Caller, ha: Phone, clock: Clock) -> None:
    clock.advance(seconds=5)
    message_id = caller.text(ha.user_id, "Chào chị")["data"]["message_id"]
    lan = zalo.phone(COOP, "Lan")
    lan.send_photo("https://photo.talk.zdn.vn/oi.jpg")

    hers = caller.get("/v2.0/oa/conversation", {"user_id": ha.user_id, "offset": 0, "count": 10}).json()["data"]
    all_of_them = caller.get("/v2.0/oa/listrecentchat", {"offset": 0, "count": 2}).json()["data"]

    assert [(one["src"], one["type"], one["message"]) for one in hers] == [
        (0, "text", "Chào chị"),
        (1, "text", "chào"),
    ]
    assert hers[0] == {
        "src": 0,
        "time": int(milliseconds(clock())),
        "sent_time": "09:00:05 21/11/2026",
        "from_id": COOP,
        "from_display_name": "HTX Chợ Phiên",
        "from_avatar": "",
        "to_id": ha.user_id,
        "to_display_name": "Hà",
        "to_avatar": "",
        "message_id": message_id,
        "type": "text",
        "message": "Chào chị",
    }
    assert [(one["from_id"], one.get("url")) for one in all_of_them] == [
        (lan.user_id, "https://photo.talk.zdn.vn/oi.jpg"),
        (COOP, None),
    ]


def test_history_comes_ten_at_a_time(caller: Caller, ha: Phone) -> None:
    for number in range(12):
        ha.type(str(number))
    asked = {"user_id": ha.user_id, "offset": 10, "count": 10}

    assert [one["message"] for one in caller.get("/v2.0/oa/conversation", asked).json()["data"]] == ["1", "0", "chào"]
    assert caller.get("/v2.0/oa/conversation", {**asked, "count": 11}).json()["error"] == -210
    assert caller.get("/v2.0/oa/conversation", {"user_id": "1"}).json()["error"] == -201
