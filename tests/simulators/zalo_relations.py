"""Events other than messages: follows, forms, tags, groups, calls, templates; and the oddities of old senders.

Where the documentation gives only a name (calls, templates, extensions), the fields are the common ones.
"""

from copy import deepcopy
from typing import Any

from tests.simulators.zalo_events import Event, Events
from tests.simulators.zalo_world import ZaloUser

GROUP = "f414c8f76fa586fbdfb4"  # a group's id is not a number
NAMES_ONLY = (
    "oa_send_consent",
    "user_reply_consent",
    "user_call_oa",
    "oa_call_user",
    "change_template_status",
    "change_template_quality",
    "change_oa_daily_quota",
    "user_feedback",
    "user_click_response_button",
    "event_journey_time_out",
    "extension_purchased",
    "shop_has_order",
)


def follow(events: Events, user: ZaloUser, source: str = "oa_profile") -> Event:
    """source: `oa_profile`, `message_invite` or `social_plugin`."""
    return events.about("follow", follower={"id": user.user_id}, user_id_by_app=user.by_app, source=source)


def unfollow(events: Events, user: ZaloUser, source: str = "oa_profile") -> Event:
    return events.about("unfollow", follower={"id": user.user_id}, user_id_by_app=user.by_app, source=source)


def chat_pressed(events: Events, user: ZaloUser) -> Event:
    return events.about("user_click_chatnow", user_id=user.user_id, user_id_by_app=user.by_app)


def withdrawn(events: Events, user: ZaloUser) -> Event:
    """The person takes back her consent: what is kept of her has to go."""
    return events.about("user_withdraw", user_id=user.user_id, user_id_by_app=user.by_app)


def info(events: Events, user: ZaloUser, *, name: str, phone: str, city: str, ward: str, address: str) -> Event:
    """The form as filled in since districts were abolished."""
    where = {"user_city": city, "user_ward": ward, "user_address": address}
    filled = {"name": name, "phone": phone, "user_dob": "", "gender": "", "full_address": where}
    return events.between(user, "user_submit_info", info=filled)


def info_before_2025(
    events: Events, user: ZaloUser, *, name: str, phone: str, city: str, ward: str, address: str, district: str = ""
) -> Event:
    """The older shape; the district may be missing."""
    filled = {"name": name, "phone": phone, "address": address, "city": city, "ward": ward}
    return events.between(user, "user_submit_info", info={**filled, **({"district": district} if district else {})})


def info_updated(events: Events, user: ZaloUser, method: str = "update") -> Event:
    return events.about("update_user_info", data={"method": method, "user_id": user.user_id})


def tagged(events: Events, name: str, tag: str, *users: ZaloUser) -> Event:
    """name: `add_user_to_tag`, `remove_user_from_tag` or `remove_tag`."""
    return events.about(name, tag={"user_ids": [user.user_id for user in users], "name": tag})


def widget_accepted(events: Events, user: ZaloUser, url: str, external_id: str = "") -> Event:
    """She agreed on our own page; the address says on which."""
    data = {"user_id": user.user_id, "user_external_id": external_id, "url": url}
    return events.about("widget_interaction_accepted", data=data)


def widget_failed(events: Events, user: ZaloUser, external_id: str) -> Event:
    data = {"user_id": user.user_id, "user_external_id": external_id}
    return events.about("widget_failed_to_sync_user_external_id", data=data)


def anonymous(
    events: Events, user: ZaloUser, message: dict[str, Any], kind: str = "text", *, ours: bool = False
) -> Event:
    """Somebody who has not logged in; ours: the echo of the OA's answer."""
    event = (
        events.sent(user, f"anonymous_{kind}", message)
        if ours
        else events.between(user, f"anonymous_send_{kind}", message=message)
    )
    event["message"] = {"conversation_id": f"anonymous_{user.user_id}", **message}
    return event


def in_group(
    events: Events, user: ZaloUser, message: dict[str, Any], kind: str = "text", *, ours: bool = False
) -> Event:
    """Said in a group chat: the recipient is the group, the OA stands apart."""
    name, sender = ("oa_send_group_", events.oa.oa_id) if ours else ("user_send_group_", user.user_id)
    return events.about(name + kind, sender={"id": sender}, recipient={"id": GROUP}, message=message)


def group_made(events: Events) -> Event:
    return events.about("create_group", group_id=GROUP)


def group_joined(events: Events, user: ZaloUser) -> Event:
    return events.about("user_join_group", group_id=GROUP, users=[{"id": user.user_id}])


def every(events: Events, user: ZaloUser) -> list[Event]:
    """One of each kind that the documentation or the console names, and one that nobody knows."""
    picture, voice = "https://photo.talk.zdn.vn/oi.jpg", "https://voice.talk.zdn.vn/1.amr"
    said = {"msg_id": "96d3cdf3af150460909", "text": "chào @[12345]"}
    shown = {"msg_id": "0a1b2c3d4e5f6071829", "attachments": [{"type": "image", "payload": {"url": picture}}]}
    template = {"zinstant_id": "1", "text": "", "link_url": "", "checksum": ""}
    cards = {"msg_id": "0a1b2c3d4e5f6071830", "attachments": [{"type": "template", "payload": template}]}
    form = {"name": "Hà", "phone": "84905000111", "city": "Đắk Lắk", "ward": "Cư M'gar", "address": "Buôn Trấp"}
    return [
        events.text(user, "chào"),
        events.image(user, picture),
        events.gif(user, picture),
        events.link(user, "https://example.vn/t/715038629415"),
        events.audio(user, voice),
        events.video(user, "https://video.talk.zdn.vn/1.mp4"),
        events.sticker(user, "bfe458bf64fa8da4d4eb", picture),
        events.location(user, "12.6667", "108.0500"),
        events.business_card(user, "Hợp tác xã", "84905000111"),
        events.file(user, "gia.pdf", b"%PDF-1.7", "https://file.talk.zdn.vn/gia.pdf"),
        events.sent(user, "text", said),
        events.sent(user, "text", said, admin_id="4713478301"),
        events.sent(user, "image", shown),
        events.sent(user, "gif", shown),
        events.sent(user, "list", cards),
        events.sent(user, "file", shown),
        events.sent(user, "sticker", shown),
        events.received(user, said["msg_id"]),
        events.seen(user, said["msg_id"], "0a1b2c3d4e5f6071829"),
        events.reacted(user, said["msg_id"], "/-heart"),
        events.oa_reacted(user, said["msg_id"], "/-strong"),
        events.notice_received("84905000111", "f1e2d3c4b5a697887", "order:1"),
        follow(events, user),
        unfollow(events, user),
        chat_pressed(events, user),
        info(events, user, **form),
        info_before_2025(events, user, **form, district="Cư M'gar"),
        info_updated(events, user),
        withdrawn(events, user),
        *(
            tagged(events, name, "khách quen", user)
            for name in ("add_user_to_tag", "remove_user_from_tag", "remove_tag")
        ),
        widget_accepted(events, user, "https://example.vn/t/715038629415"),
        widget_failed(events, user, "visitor-1"),
        *(anonymous(events, user, said, kind) for kind in ("text", "image", "file", "sticker")),
        anonymous(events, user, said, ours=True),
        in_group(events, user, said),
        in_group(events, user, shown, "image"),
        in_group(events, user, said, ours=True),
        group_made(events),
        group_joined(events, user),
        *(events.between(user, name) for name in NAMES_ONLY),
        events.about("user_dreamt_of_durian", data={"why": None}),
    ]


def with_numbers(event: Event) -> Event:
    """As old senders write it: ids and the timestamp are numbers."""

    def number(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: number(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [number(part, name) for part in value]
        numeric = name in ("app_id", "id", "oa_id", "user_id", "user_id_by_app", "timestamp", "user_ids")
        return int(value) if numeric and isinstance(value, str) and value.isdecimal() else value

    converted: Event = number(event)
    return converted


def attachments_on_top(event: Event) -> Event:
    """`attachments` beside `message` and not in it."""
    changed = deepcopy(event)
    return {**changed, "attachments": changed["message"].pop("attachments")}


def without(event: Event, *path: str) -> Event:
    """The event with one field left out: `without(event, "message", "text")`."""
    changed = deepcopy(event)
    holder = changed
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    return changed
