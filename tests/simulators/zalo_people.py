"""What an OA may ask about people and about itself: details, lists, tags ("Quản lý người dùng", "Quản lý tag")."""

from datetime import timedelta
from typing import Any

from tests.simulators.zalo_call import Call
from tests.simulators.zalo_clock import VIETNAM, day
from tests.simulators.zalo_errors import Refused, invalid, too_much
from tests.simulators.zalo_relations import tagged
from tests.simulators.zalo_world import ZaloUser

PERIODS = {"TODAY": 0, "YESTERDAY": 1, "L7D": 7, "L30D": 30}


def detail(call: Call) -> dict[str, Any]:
    """`GET /v3.0/oa/user/detail`."""
    user = _known(call, call.data.get("user_id"))
    last = user.last_interaction
    avatars = {size: f"https://s{size}-ava-talk.zadn.vn/{user.user_id}.jpg" for size in ("120", "240")}
    return {
        "user_id": user.user_id,
        "user_id_by_app": user.by_app,
        "user_external_id": "",
        "display_name": user.person.name,
        "user_alias": user.alias,
        "is_sensitive": user.person.is_sensitive,
        "user_last_interaction_date": day(last) if last else "",
        "user_is_follower": user.following,
        "avatar": avatars["120"],
        "avatars": avatars,
        "dynamic_param": "",
        "tags_and_notes_info": {"notes": [], "tag_names": list(user.tags)},
        "shared_info": dict(user.shared),
    }


def listed(call: Call) -> dict[str, Any]:
    """`GET /v3.0/oa/user/getlist`: people who interacted, at most 50 at a time."""
    data = call.data
    offset, count = _number(data, "offset", 9951), _number(data, "count", 50)
    people = [user for user in call.oa.users.values() if user.last_interaction is not None]
    if "is_follower" in data:
        people = [user for user in people if user.following == _yes(data["is_follower"])]
    if data.get("tag_name"):
        people = [user for user in people if data["tag_name"] in user.tags]
    if data.get("last_interaction_period"):
        people = [user for user in people if _within(call, user, str(data["last_interaction_period"]))]
    page = people[offset : offset + count]
    return {"total": len(people), "count": count, "offset": offset, "users": [{"user_id": one.user_id} for one in page]}


def account(call: Call) -> dict[str, Any]:
    """`GET /v2.0/oa/getoa`, which works without a package too."""
    oa = call.oa
    return {
        call.state.switches.oa_field: oa.oa_id,
        "name": oa.name,
        "description": "",
        "oa_type": 2,
        "is_verified": oa.verified,
        "num_follower": sum(user.following for user in oa.users.values()),
        "package_name": oa.package.value,
        "package_valid_through_date": day(oa.package_until) if oa.package_until else "",
        "linked_ZCA": "1" if oa.zca_linked else "",
    }


def tag(call: Call) -> dict[str, Any]:
    """`POST /v2.0/oa/tag/tagfollower`: the tag is made where there is none."""
    user, name = _known(call, call.body.get("user_id")), _tag_name(call)
    if name not in call.oa.tags:
        call.oa.tags.append(name)
    if name not in user.tags:
        user.tags.append(name)
        call.tell(tagged(call.state.events(call.oa), "add_user_to_tag", name, user))
    return {}


def untag(call: Call) -> dict[str, Any]:
    """`POST /v2.0/oa/tag/rmfollowerfromtag`."""
    user, name = _known(call, call.body.get("user_id")), _tag_name(call)
    if name not in user.tags:
        raise invalid("tag_name")
    user.tags.remove(name)
    call.tell(tagged(call.state.events(call.oa), "remove_user_from_tag", name, user))
    return {}


def drop_tag(call: Call) -> dict[str, Any]:
    """`POST /v2.0/oa/tag/rmtag`: off everybody."""
    name = _tag_name(call)
    if name not in call.oa.tags:
        raise invalid("tag_name")
    wearers = [user for user in call.oa.users.values() if name in user.tags]
    call.oa.tags.remove(name)
    for user in wearers:
        user.tags.remove(name)
    call.tell(tagged(call.state.events(call.oa), "remove_tag", name, *wearers))
    return {}


def tags(call: Call) -> list[str]:
    """`GET /v2.0/oa/tag/gettagsofoa`."""
    return list(call.oa.tags)


def _known(call: Call, user_id: object) -> ZaloUser:
    if not str(user_id or "").isdecimal():
        raise invalid("user_id")
    user = call.user(user_id)
    if user is None:
        raise Refused(-213)
    return user


def _tag_name(call: Call) -> str:
    name = call.body.get("tag_name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("tag_name")
    return name


def _number(data: dict[str, Any], name: str, most: int) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid(name)
    if value > most:
        raise too_much(name)
    return value


def _yes(value: object) -> bool:
    return value in (True, "true")


def _within(call: Call, user: ZaloUser, period: str) -> bool:
    if period not in PERIODS:
        raise invalid("last_interaction_period")
    assert user.last_interaction is not None, "only people who interacted are listed"
    today = call.state.clock().astimezone(VIETNAM).date()
    then = user.last_interaction.astimezone(VIETNAM).date()
    first = today - timedelta(days=PERIODS[period])
    return then == first if period == "YESTERDAY" else then >= first
