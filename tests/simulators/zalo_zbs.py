"""ZBS template messages, once ZNS: by telephone number and by user id ("ZBS Template Message").

By number they belong to business.openapi.zalo.me and its own error numbers; by user id, to openapi.zalo.me. Which
numbers the second uses for faults in the template is not known; here they are those of the first.
"""

import re
from typing import Any

from tests.simulators.zalo_call import Call
from tests.simulators.zalo_clock import VIETNAM, milliseconds
from tests.simulators.zalo_errors import Refused, business, invalid
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_state import Notice
from tests.simulators.zalo_world import Person
from tests.simulators.zalo_zbs_template import Template

PHONE = re.compile(r"(?:\+?84|0)([35789][0-9]{8})")


def by_phone(call: Call) -> dict[str, Any]:
    """`POST /message/template`. Two calls with one `tracking_id` are two messages."""
    body = call.body
    number = PHONE.fullmatch(str(body.get("phone", "")))
    if number is None:
        raise business(-108)
    phone = "84" + number[1]
    tracking = body.get("tracking_id")
    if not isinstance(tracking, str) or not 0 < len(tracking) <= 48:
        raise business(-111, "tracking_id is invalid")
    template = _template(call, body.get("template_id"))
    words = template.filled(body.get("template_data"))
    if body.get("mode") == "development":
        if phone not in call.oa.admins:
            raise business(-127)
    elif template.status != "ENABLE":
        raise business(-131)
    _check_night_and_quota(call)
    person = _subscriber(call, phone)
    if not call.oa.zca_linked:
        raise business(-136)
    if not call.oa.pay(template.price):
        raise business(-115)
    user = call.oa.meet(person)
    bubble = Shown(words, kind="zbs")
    delivered = call.state.deliver(call.oa, user.user_id, bubble, template.price)
    notice = Notice(delivered.message_id, call.oa.oa_id, phone, template.template_id, tracking, call.state.clock())
    call.state.notices.append(notice)
    receipt = call.state.events(call.oa).notice_received(phone, delivered.message_id, tracking)
    call.tell(receipt, X_ZEvent_Server="ZNS")
    return {
        "msg_id": delivered.message_id,
        "sent_time": milliseconds(notice.sent_at),
        "sending_mode": str(body.get("sending_mode", "1")),
        "quota": {"dailyQuota": str(call.oa.daily_notices), "remainingQuota": str(_left_today(call))},
    }


def by_user(call: Call) -> dict[str, Any]:
    """`POST /v3.0/oa/message/template`: no window, no tracking id, and cheaper."""
    body = call.body
    user = call.user(body.get("user_id"))
    if user is None:
        raise invalid("user_id")
    if user.person.banned:
        raise Refused(-227)
    if user.blocked or not user.person.takes_notices:
        raise Refused(-244)
    template = _template(call, body.get("template_id"))
    if not template.by_uid:
        raise Refused(-249)
    words = template.filled(body.get("template_data"))
    if template.status != "ENABLE":
        raise business(-131)
    _check_night_and_quota(call)
    if not call.oa.zca_linked:
        raise Refused(-320)
    if not call.oa.pay(template.price_uid):
        raise Refused(-321)
    delivered = call.state.deliver(call.oa, user.user_id, Shown(words, kind="zbs"), template.price_uid)
    now = call.state.clock()
    call.state.notices.append(Notice(delivered.message_id, call.oa.oa_id, "", template.template_id, "", now))
    call.tell(call.state.events(call.oa).received(user, delivered.message_id), X_ZEvent_Server="ZNS")
    return {
        "message_id": delivered.message_id,
        "user_id": user.user_id,
        "sent_time": milliseconds(now),
        "quota": {"quota_type": "purchase_quota", "remain": str(_left_today(call))},
    }


def templates(call: Call) -> list[dict[str, Any]]:
    """`GET /template/all`. status: 1 enabled, 2 pending, 3 rejected, 4 disabled; without it, all."""
    query = call.request.query
    offset, limit = query.get("offset", "0"), query.get("limit", "100")
    if not offset.isdecimal() or not limit.isdecimal() or int(limit) > 100:
        raise business(-111, "limit is invalid")
    names = {"1": "ENABLE", "2": "PENDING_REVIEW", "3": "REJECT", "4": "DISABLE"}
    wanted = names.get(query.get("status", ""))
    found = [one for one in call.oa.templates.values() if wanted in (None, one.status)]
    return [
        {
            "templateId": one.template_id,
            "templateName": one.name,
            "status": one.status,
            "templateQuality": one.quality,
        }
        for one in found[int(offset) : int(offset) + int(limit)]
    ]


def template_info(call: Call) -> dict[str, Any]:
    """`GET /template/info/v2`: with the parameters and how long each may be."""
    template = call.oa.templates.get(call.request.query.get("template_id", ""))
    if template is None:
        raise business(-109)
    return template.details


def status(call: Call) -> dict[str, Any]:
    """`GET /message/status`. status: 1, on the phone."""
    for notice in call.state.notices:
        if (notice.oa_id, notice.message_id) == (call.oa.oa_id, call.request.query.get("message_id")):
            return {
                "delivery_time": milliseconds(notice.sent_at),
                "status": 1,
                "message": "The message is on the phone",
            }
    raise business(-111, "message_id is invalid")


def daily_quota(call: Call) -> dict[str, Any]:
    """`GET /message/quota`."""
    return {"dailyQuota": str(call.oa.daily_notices), "remainingQuota": str(_left_today(call))}


def quality(call: Call) -> dict[str, Any]:
    """`GET /quality`."""
    level = "LOW" if call.oa.low_quality else "HIGH"
    return {"oaCurrentQuality": level, "oa7dayQuality": level}


def _template(call: Call, template_id: object) -> Template:
    template = call.oa.templates.get(str(template_id))
    if template is None:
        raise business(-109)
    if template.status == "DISABLE" and template.quality == "LOW":
        raise business(-146)
    return template


def _subscriber(call: Call, phone: str) -> Person:
    person = call.state.people.get(phone)
    if person is None or not person.on_zalo:
        raise business(-118)
    if person.banned or not person.takes_notices:
        raise business(-114)
    return person


def _check_night_and_quota(call: Call) -> None:
    hour = call.state.clock().astimezone(VIETNAM).hour
    if call.state.switches.night and (hour >= 22 or hour < 6):
        raise business(-133)
    if _left_today(call) <= 0:
        raise business(-144)


def _left_today(call: Call) -> int:
    today = call.state.clock().astimezone(VIETNAM).date()
    sent = [one for one in call.state.notices if one.oa_id == call.oa.oa_id]
    return call.oa.daily_notices - sum(one.sent_at.astimezone(VIETNAM).date() == today for one in sent)
