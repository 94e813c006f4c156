"""What was said and what may still be said: conversations and quotas ("Quản lý tin nhắn", "Kiểm tra quota")."""

from typing import Any

from tests.simulators.zalo_call import Call
from tests.simulators.zalo_clock import VIETNAM, milliseconds
from tests.simulators.zalo_errors import Refused, invalid, too_much
from tests.simulators.zalo_send import FREE
from tests.simulators.zalo_world import Line


def conversation(call: Call) -> list[dict[str, Any]]:
    """`GET /v2.0/oa/conversation`: one person, the newest message first, at most ten."""
    user = call.user(call.data.get("user_id"))
    if user is None:
        raise invalid("user_id")
    return _page(call, call.state.history(call.oa.oa_id, user.user_id))


def recent(call: Call) -> list[dict[str, Any]]:
    """`GET /v2.0/oa/listrecentchat`: the newest messages of everybody."""
    return _page(call, call.state.history(call.oa.oa_id))


def quota(call: Call) -> dict[str, Any] | list[dict[str, Any]]:
    """`POST /v3.0/oa/quota/message`: of one person, or of the account."""
    body, now = call.body, call.state.clock()
    if "user_id" in body:
        user = call.user(body["user_id"])
        if user is None:
            raise Refused(-213)
        last = user.last_interaction
        free = last is not None and now - last <= FREE
        return {
            "last_interaction": milliseconds(last) if last else "",
            "cs_reply": {"remain": 8 if free else 0, "total": 8},
            "promotion": {"daily_remain": 0, "daily_total": 0, "monthly_remain": 0, "monthly_total": 0},
        }
    asked = (body.get("quota_owner"), body.get("product_type"))
    if asked != ("OA", "cs") or body.get("quota_type") not in ("sub_quota", "purchase_quota", "reward_quota"):
        raise invalid("quota_type")
    remain = call.oa.sub_quota if body["quota_type"] == "sub_quota" else 0
    asset = {
        "asset_id": f"asset-{call.oa.oa_id}",
        "product_type": "cs",
        "quota_type": body["quota_type"],
        "valid_through": f"{now.astimezone(VIETNAM):%d/%m/%Y}",
        "total": remain,
        "remain": remain,
    }
    return [asset] if remain else []


def _page(call: Call, lines: list[Line]) -> list[dict[str, Any]]:
    data = call.data
    offset, count = data.get("offset", 0), data.get("count", 10)
    if not isinstance(offset, int) or not isinstance(count, int) or offset < 0 or count < 1:
        raise invalid("offset")
    if count > 10:
        raise too_much("count")
    return [_entry(call, line) for line in lines[::-1][offset : offset + count]]


def _entry(call: Call, line: Line) -> dict[str, Any]:
    user = call.user(line.user_id)
    she, oa = (line.user_id, user.person.name if user else ""), (line.oa_id, call.oa.name)
    (from_id, from_name), (to_id, to_name) = (she, oa) if line.src else (oa, she)
    entry = {
        "src": line.src,
        "time": int(milliseconds(line.at)),
        "sent_time": f"{line.at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}",
        "from_id": from_id,
        "from_display_name": from_name,
        "from_avatar": "",
        "to_id": to_id,
        "to_display_name": to_name,
        "to_avatar": "",
        "message_id": line.message_id,
        "type": line.kind,
        "message": line.text,
    }
    return {**entry, "url": line.url} if line.url else entry
