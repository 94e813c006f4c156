"""Zalo's JSON into our events, and our bubbles into its messages. Pure: no clock, no network, no product.

Sources: docs.zaloplatforms.com/docs/OA, "Webhook" and "Gửi tin tư vấn", as of autumn 2026.
"""

import re
import unicodedata
from datetime import datetime
from typing import Any

import msgspec

from bot.event import (
    AccountNews,
    ContactCard,
    Event,
    Follow,
    Inbound,
    Other,
    Referral,
    Silent,
    Start,
    TakenOver,
    Withdrawn,
)
from bot.reply import Bubble, Button, Limits
from bot.understand.codes import find_trace_code
from bot.understand.text import clean
from handlers.channels.zalo.said import handed_over, payload_of, pressed, said
from handlers.channels.zalo.shapes import Info, Message, Occurrence, Party, Seen
from handlers.fit import choices_in_lines, shorten, split, units
from handlers.wire import id_of, key_of, moment, salvaged, tells, unreadable

LIMITS = Limits(max_text=2000, max_text_with_buttons=2000, max_buttons=5, max_title=100)  # "Gửi tin tư vấn"
SPLIT_AT = 1990  # longer than 2,000 is refused (-210), not cut
MAX_PAYLOAD = 1000

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
NOT_A_USER = re.compile(r"\+?(?:84|0)[0-9]{8,10}")  # the recipient of a ZBS receipt is a telephone
STAMP_LINK = re.compile(r"/t/([0-9]{12})(?![0-9])")
APPROVED = {"ENABLE": "APPROVED"}
"""Zalo's word for a template that may be sent, in ours."""

MESSAGES = frozenset(
    f"user_send_{kind}"
    for kind in (
        "text", "image", "gif", "link", "audio", "video", "sticker", "location", "business_card", "file"
    )
)  # fmt: skip
ECHO = "oa_send_"
NOT_ECHOES = ("oa_send_consent", "oa_send_group_", "oa_send_anonymous_")
RECEIPTS = frozenset({"user_received_message", "user_seen_message", "oa_reacted_message"})
NEWS = {
    "change_template_status": "template",
    "change_template_quality": "warned",
    "change_oa_template_tags": "warned",
    "change_template_quota": "quota",
    "change_oa_daily_quota": "quota",
}
NEVER_ANSWERED = frozenset({
    "update_user_info", "add_user_to_tag", "remove_user_from_tag", "remove_tag", "user_feedback",
    "user_click_response_button", "event_journey_acknowledged", "event_journey_time_out", "user_reply_consent",
    "user_call_oa", "oa_call_user", "oa_send_consent", "widget_failed_to_sync_user_external_id", "extension_purchased",
    "shop_has_order", "create_group", "delete_group", "update_group_info", "add_group_admin", "remove_group_admin",
    "user_join_group", "user_out_group", "user_leave_group", "user_request_join_group", "accept_request_join_group",
    "reject_request_join_group", "react_request_join_group_accept", "react_request_join_group_reject",
})  # fmt: skip
KNOWN = MESSAGES | RECEIPTS | NEWS.keys() | NEVER_ANSWERED | frozenset({
    "follow", "unfollow", "user_click_chatnow", "user_submit_info", "user_withdraw", "user_reacted_message",
    "widget_interaction_accepted",
})  # fmt: skip
KNOWN_BEGINNINGS = (ECHO, "user_send_group_", "anonymous_send_")


def is_known(name: str) -> bool:
    """Whether the documentation or the console has an event of this name; new ones appear without notice."""
    return name in KNOWN or name.startswith(KNOWN_BEGINNINGS)


def receipt_key(tracking_id: str) -> str:
    """The key under which the receipt of a ZBS message by telephone is stored: it has arrived."""
    return f"received:{tracking_id}"


def parse(payload: object, now: datetime) -> list[Inbound]:
    """What happened: one event, as a list for the door; [] for what is no event.

    `now` stands in for a missing timestamp. What cannot be read becomes `Silent("unreadable")` with its JSON. Only
    `user_withdraw` may come without the OA's id. Raises RecursionError where it is nested nearly as deep as the
    interpreter allows.
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("event_name"), str):
        return []
    try:
        one = msgspec.convert(payload, Occurrence)
    except msgspec.ValidationError:
        rest = salvaged(payload, Occurrence)
        found = None if rest is None else _parsed(rest, payload, now)
        return [found if found is not None and tells(found) else unreadable("", payload, now)]
    return [_parsed(one, payload, now)]


def _parsed(one: Occurrence, payload: object, now: datetime) -> Inbound:
    name = one.event_name if NAME.fullmatch(one.event_name) else "unknown"
    account, person, event = _happened(name, one)
    if NOT_A_USER.fullmatch(person):
        person = ""
    if not isinstance(event, Silent | AccountNews):
        if not person:
            event = Silent("no_sender")
        elif person == account:  # the OA's own words: answering them would never end
            event = Silent("echo")
    return Inbound(account, person, _key(name, one, person, payload), moment(one.timestamp, now), event)


def _happened(name: str, one: Occurrence) -> tuple[str, str, Event]:
    """The OA, the person if there is one that we may answer, and what it is."""
    sender, recipient = _id(one.sender), _id(one.recipient)
    oa = id_of(one.oa_id) or id_of(one.oaId)
    message = one.message or Message()
    if name in MESSAGES:
        event = said(message, one.attachments)
        if name == "user_send_business_card" and not isinstance(event, ContactCard):
            event = Other("business_card")
        return recipient, sender, event
    if name.startswith(ECHO) and not name.startswith(NOT_ECHOES):
        by, words = id_of(one.sender.admin_id) if one.sender else "", clean(message.text or "")
        return sender, recipient, TakenOver(by, words) if by else Silent("echo", words)
    if name in RECEIPTS:
        return sender, recipient, Silent(name)
    if name in NEWS:
        return oa or sender or recipient, "", _news(name, one)
    match name:
        case "user_reacted_message":
            return recipient, sender, Silent("reaction")  # not named among what opens the window
        case "user_submit_info":
            return recipient, sender, handed_over(one.info or Info())
        case "follow":
            return oa, _id(one.follower), Follow()
        case "unfollow":
            return oa, _id(one.follower), Silent(name)
        case "user_click_chatnow":
            return oa, id_of(one.user_id), Start()
        case "user_withdraw":
            return oa, id_of(one.user_id), Withdrawn()
        case "widget_interaction_accepted":
            return oa, *_came_by(one.data)
        case _:
            return oa, "", Silent(name)


def _came_by(data: object) -> tuple[str, Event]:
    """The person of the consent widget, and the stamp whose page she was on."""
    try:
        seen = msgspec.convert(data, Seen)
    except msgspec.ValidationError:
        seen = Seen()
    link = STAMP_LINK.search(seen.url or "")
    code = link[1] if link else find_trace_code(clean(seen.url or ""))
    return id_of(seen.user_id), Referral(f"t-{code}") if code else Silent("widget_interaction_accepted")


def _news(name: str, one: Occurrence) -> AccountNews:
    """Of a template: its number and its new status, "APPROVED" where it may be sent. Else the new value in words."""
    if name == "change_template_status":
        status = _newest(one.status)
        return AccountNews(NEWS[name], id_of(one.template_id), APPROVED.get(status, status))
    changed = _newest(one.quality) or _newest(one.quota) or _newest(one.tags)
    return AccountNews(NEWS[name], id_of(one.template_id), f"{name} {changed}".strip())


def _newest(change: object) -> str:
    """What stands in the `new_…` of a change; the value itself where it is no change."""
    value = change
    if isinstance(change, dict):
        value = next((new for field, new in change.items() if str(field).startswith("new_")), None)
    if isinstance(value, list):
        return clean(", ".join(str(part) for part in value if isinstance(part, str | int)))[:200]
    return clean(str(value))[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _id(party: Party | None) -> str:
    return id_of(party.id) if party else ""


def _key(name: str, one: Occurrence, person: str, raw: object) -> str:
    """Name and message id; a reaction carries that of the message it belongs to, and so its time as well."""
    message = one.message or Message()
    tracking, message_id, time = id_of(message.tracking_id), id_of(message.msg_id), id_of(_whole(one.timestamp))
    if name == "user_received_message" and tracking:
        return receipt_key(tracking)
    if message_id and "reacted" not in name:
        return key_of(name, message_id, raw)
    about = message_id or person
    return key_of(name, f"{time}:{about}" if time and about else "", raw)


def _whole(timestamp: float | str | None) -> int | str | None:
    return timestamp if isinstance(timestamp, int | str) else None


def render(bubble: Bubble, *, buttons: bool) -> list[dict[str, Any]]:
    """The `message` objects of `/message/cs`, in order; [] for an empty bubble.

    A picture goes first, as `{"image": path}`: whoever sends it uploads it and puts `picture(…)` in its place. A file
    goes last, as `{"file": paper}`, with `document(…)` in its place. Choices are always printed as numbered lines, so
    that the words can be answered on every package; up to five are buttons too, under the last part of the words
    (buttons: whether the package takes them).
    """
    lines = choices_in_lines(bubble)
    words = [_tidy(part) for part in (bubble.text, bubble.card_title, bubble.card_subtitle)]
    pieces = split("\n".join(line for line in (*words, *lines) if line), SPLIT_AT)
    messages: list[dict[str, Any]] = [{"image": bubble.image}] if bubble.image else []
    messages += [{"text": piece} for piece in pieces]
    drawn = [shape for button in bubble.buttons if (shape := _button(button))]
    if pieces and drawn and buttons and len(bubble.buttons) <= LIMITS.max_buttons:
        messages[-1]["attachment"] = {"type": "template", "payload": {"buttons": drawn}}
    return [*messages, {"file": bubble.file}] if bubble.file is not None else messages


def picture(attachment_id: str) -> dict[str, Any]:
    """The message that shows an uploaded picture."""
    element = {"media_type": "image", "attachment_id": attachment_id}
    return {"attachment": {"type": "template", "payload": {"template_type": "media", "elements": [element]}}}


def document(token: str) -> dict[str, Any]:
    """The message that hands over an uploaded file."""
    return {"attachment": {"type": "file", "payload": {"token": token}}}


def has_buttons(message: dict[str, Any]) -> bool:
    return "buttons" in message.get("attachment", {}).get("payload", {})


def numbered_only(message: dict[str, Any]) -> dict[str, Any]:
    """The same message for a package that refuses buttons; its words say it all."""
    return {name: value for name, value in message.items() if name != "attachment" or not has_buttons(message)}


def is_echo_of_a_file(key: str) -> bool:
    """Whether the event of that key tells of a file that went to her. It does not say which."""
    return key.startswith("oa_send_file:")


def echo_words(message: dict[str, Any]) -> str:
    """What the `words` of the echo will be when this message has arrived: `Silent("echo", words)`."""
    return clean(message.get("text", ""))


def _button(button: Button) -> dict[str, str] | None:
    """Hidden words that come back as our id; the title itself, visibly, for an id that does not fit into words."""
    title = _tidy(button.title)
    if not title:
        return None
    payload = payload_of(button.id)
    if payload:
        return {"title": shorten(title, LIMITS.max_title), "type": "oa.query.hide", "payload": payload}
    if units(title) > MAX_PAYLOAD or pressed(title):
        return None
    return {"title": shorten(title, LIMITS.max_title), "type": "oa.query.show", "payload": title}


def _tidy(text: str) -> str:
    """In NFC, where a Vietnamese letter is one character, and without blank ends: a blank text is refused."""
    return unicodedata.normalize("NFC", text).strip()
