"""Messages to people who wrote lately, and reactions; what it costs and whom it may reach ("Gửi tin tư vấn")."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.simulators.zalo_call import Call
from tests.simulators.zalo_clock import milliseconds
from tests.simulators.zalo_errors import Refused, invalid, too_much
from tests.simulators.zalo_events import Event, Events
from tests.simulators.zalo_rules import File, Request, Shown, read
from tests.simulators.zalo_state import Delivered
from tests.simulators.zalo_world import ZaloUser

FREE, OPEN, AWAKE = timedelta(hours=48), timedelta(days=7), timedelta(days=45)
ICONS = ("/-strong", "/-heart", ":>", ":o", ":-((", ":-h", "-:((", "-h:o")
MAX_REACTIONS = 50


@dataclass(frozen=True, slots=True)
class Fare:
    """charged: đồng taken. quota: the block of the answer, None where the message was paid for."""

    charged: int
    quota: dict[str, Any] | None


def consult(call: Call) -> dict[str, Any]:
    """`POST /v3.0/oa/message/cs`."""
    body, switches = call.body, call.state.switches
    user_id = _recipient(body).get("user_id")
    if not isinstance(user_id, str) or not user_id:
        raise invalid("user_id")
    request = read(body.get("message"), buttons=switches.buttons, lists=switches.lists)
    user = _reachable(call, user_id)
    bubble = _with_upload(call, request)
    _check_quote(call, user, request.bubble.quote)
    fare = _fare(call, user)
    delivered = call.state.deliver(call.oa, user.user_id, bubble, fare.charged)
    _tell(call, user, delivered)
    answer = {
        "message_id": delivered.message_id,
        "user_id": user.user_id,
        "sent_time": milliseconds(call.state.clock()),
    }
    return answer if fare.quota is None else {**answer, "quota": fare.quota}


def react(call: Call) -> dict[str, Any]:
    """`POST /v2.0/oa/message`: reactions and answers to strangers; its messages to users are no more (-240)."""
    body = call.body
    recipient = _recipient(body)
    if "sender_action" not in body and "anonymous_id" in recipient:
        return _answer_stranger(call, recipient, body.get("message"))
    if "sender_action" not in body:
        raise Refused(-240)
    action, user = body["sender_action"], call.user(recipient.get("user_id"))
    if not isinstance(action, dict):
        raise invalid("sender_action")
    if user is None:
        raise invalid("user_id")
    icon, message_id = action.get("react_icon"), action.get("react_message_id")
    if icon not in ICONS:
        raise invalid("react_icon")
    if not any(line.message_id == message_id for line in call.state.history(call.oa.oa_id, user.user_id)):
        raise invalid("react_message_id")
    key = (call.oa.oa_id, str(message_id))
    if call.state.reactions[key] >= MAX_REACTIONS:
        raise too_much("react_icon")
    call.state.reactions[key] += 1
    call.tell(call.state.events(call.oa).oa_reacted(user, str(message_id), str(icon)))
    return {"message_id": message_id, "user_id": user.user_id}


def discontinued(call: Call) -> dict[str, Any]:
    """Transaction and promotion messages ended on 2026-03-01."""
    raise Refused(-233)


def echo_of(events: Events, user: ZaloUser, delivered: Delivered, admin_id: str = "") -> Event:
    """The event that tells the webhook about a message of the OA."""
    bubble: Shown = delivered.bubble
    message: dict[str, Any] = {"msg_id": delivered.message_id}
    if bubble.text:
        message = {"text": bubble.text, **message}
    if bubble.kind in ("image", "gif", "sticker"):
        payload = {"thumbnail": bubble.image, "url": bubble.image}
        message["attachments"] = [{"type": bubble.kind, "payload": payload}]
    elif bubble.kind == "file":
        message["attachments"] = [{"type": "file", "payload": {"token": bubble.image}}]
    elif bubble.kind in ("list", "request_user_info"):
        payload = {"zinstant_id": delivered.message_id, "text": bubble.text, "link_url": "", "checksum": ""}
        message["attachments"] = [{"type": "template", "payload": payload}]
    # The documentation has no echo of a form; it is a template like a list.
    kind = "list" if bubble.kind == "request_user_info" else bubble.kind
    return events.sent(user, kind, message, admin_id=admin_id)


def _tell(call: Call, user: ZaloUser, delivered: Delivered) -> None:
    events = call.state.events(call.oa)
    echo, received = echo_of(events, user, delivered), events.received(user, delivered.message_id)
    if call.state.switches.receipts_first:
        call.tell(received)
    call.tell(echo)
    if call.state.switches.receipts and not call.state.switches.receipts_first:
        call.tell(received)


def _reachable(call: Call, user_id: str) -> ZaloUser:
    """The user, if this OA may write to her at all. Raises Refused."""
    user, now = call.user(user_id), call.state.clock()
    if user is None or user.last_interaction is None:
        raise Refused(-232)
    asleep = now - user.last_interaction > AWAKE
    if user.person.banned or asleep:
        raise Refused(-227)
    if user.blocked:
        raise Refused(-244)
    if not (user.following or user.wrote or user.pressed_chat):
        raise Refused(-213)
    if now - user.last_interaction > OPEN:
        raise Refused(call.state.switches.stale)
    return user


def _fare(call: Call, user: ZaloUser) -> Fare:
    """Free for 48 hours; then out of the package's quota, then out of the Zalo Cloud Account. Raises Refused."""
    oa = call.oa
    assert user.last_interaction is not None, "checked by _reachable"
    if call.state.clock() - user.last_interaction <= FREE:
        until = milliseconds(user.last_interaction + FREE)
        quota = {"quota_type": "reply", "expired_date": until, "owner_type": "OA", "owner_id": oa.oa_id}
        return Fare(0, quota)
    if oa.sub_quota:
        oa.sub_quota -= 1
        left = {"quota_type": "sub_quota", "remain": str(oa.sub_quota), "owner_type": "OA", "owner_id": oa.oa_id}
        return Fare(0, left)
    if not oa.zca_linked:
        raise Refused(-320)
    if not oa.pay(call.state.switches.price):
        raise Refused(-321)
    return Fare(call.state.switches.price, None)


def _with_upload(call: Call, request: Request) -> Shown:
    """The bubble with the file that it names, if it names one. Raises Refused."""
    if not request.upload:
        return request.bubble
    upload = call.state.uploads.get(request.bubble.image)
    if upload is None or (upload.oa_id, upload.kind) != (call.oa.oa_id, request.upload):
        raise invalid("token" if request.upload == "file" else "attachment_id")
    if call.state.clock() >= upload.until:
        raise Refused(-100)
    if upload.kind != "file":
        return request.bubble
    return replace(request.bubble, file=File(upload.name, upload.content))


def _check_quote(call: Call, user: ZaloUser, quote: str) -> None:
    known = {line.message_id for line in call.state.history(call.oa.oa_id, user.user_id)}
    if quote and quote not in known:
        raise invalid("quote_message_id")


def _answer_stranger(call: Call, recipient: dict[str, Any], message: object) -> dict[str, Any]:
    """To somebody who is not logged in: needs the conversation's id beside hers."""
    anonymous_id, conversation = recipient.get("anonymous_id"), recipient.get("conversation_id")
    if not isinstance(anonymous_id, str) or not isinstance(conversation, str) or not conversation:
        raise invalid("conversation_id")
    bubble = read(message, buttons=-233, lists=-233).bubble
    delivered = call.state.deliver(call.oa, anonymous_id, replace(bubble, quote=""))
    return {"message_id": delivered.message_id, "anonymous_id": anonymous_id, "conversation_id": conversation}


def _recipient(body: dict[str, Any]) -> dict[str, Any]:
    recipient = body.get("recipient")
    if not isinstance(recipient, dict):
        raise invalid("recipient")
    return recipient
