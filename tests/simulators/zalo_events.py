"""Events as Zalo writes them: what people do, what the OA sent, receipts ("Official Account API / Webhook").

Every builder returns a fresh dict in the order of the documentation's examples, ready for a `Deliverer`.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.simulators.zalo_clock import milliseconds
from tests.simulators.zalo_world import Oa, ZaloUser

Event = dict[str, Any]


class Events:
    """The events of one OA. new_id: makes ids of messages, 19 hexadecimal characters."""

    def __init__(self, oa: Oa, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self.oa, self._clock, self._new_id = oa, clock, new_id

    def text(self, user: ZaloUser, words: str, *, quote: str = "", msg_id: str = "") -> Event:
        message = {"text": words, "msg_id": msg_id or self._new_id()}
        if quote:
            message["quote_msg_id"] = quote
        return self._from(user, "user_send_text", message)

    def image(self, user: ZaloUser, *urls: str, text: str = "") -> Event:
        """One event, an attachment for each picture."""
        return self._media(user, "image", [{"thumbnail": url, "url": url} for url in urls], text)

    def gif(self, user: ZaloUser, url: str) -> Event:
        return self._media(user, "gif", [{"thumbnail": url, "url": url}])

    def link(self, user: ZaloUser, url: str, description: str = "", thumbnail: str = "") -> Event:
        """The address stands in the attachment, `message.text` is whatever was typed around it: here, nothing."""
        return self._media(user, "link", [{"thumbnail": thumbnail, "description": description, "url": url}])

    def audio(self, user: ZaloUser, url: str) -> Event:
        """A voice message; the address ends in `.amr`."""
        return self._media(user, "audio", [{"url": url}])

    def video(self, user: ZaloUser, url: str, thumbnail: str = "", description: str = "") -> Event:
        return self._media(user, "video", [{"thumbnail": thumbnail, "description": description, "url": url}])

    def sticker(self, user: ZaloUser, sticker_id: str, url: str) -> Event:
        return self._media(user, "sticker", [{"id": sticker_id, "url": url}])

    def location(self, user: ZaloUser, latitude: str, longitude: str) -> Event:
        """Coordinates are strings."""
        return self._media(user, "location", [{"coordinates": {"latitude": latitude, "longitude": longitude}}])

    def file(self, user: ZaloUser, name: str, content: bytes, url: str) -> Event:
        payload = {
            "size": str(len(content)),
            "name": name,
            "checksum": hashlib.md5(content).hexdigest(),
            "type": name.rsplit(".", 1)[-1],
            "url": url,
        }
        return self._media(user, "file", [payload])

    def business_card(self, user: ZaloUser, name: str, phone: str, thumbnail: str = "", qr_code: str = "") -> Event:
        """A contact that she forwards: a link whose description is JSON."""
        description = json.dumps({"phone": phone, "qrCodeUrl": qr_code}, ensure_ascii=False)
        payload = {"thumbnail": thumbnail, "description": description, "url": ""}
        message = {"text": name, "msg_id": self._new_id(), "attachments": [{"type": "link", "payload": payload}]}
        return self._from(user, "user_send_business_card", message)

    def sent(self, user: ZaloUser, kind: str, message: dict[str, Any], *, admin_id: str = "") -> Event:
        """The echo `oa_send_<kind>` of what the OA sent; admin_id, if an officer wrote it by hand."""
        sender = {"id": self.oa.oa_id, **({"admin_id": admin_id} if admin_id else {})}
        return self._to(user, f"oa_send_{kind}", message, sender=sender)

    def received(self, user: ZaloUser, message_id: str) -> Event:
        return self._to(user, "user_received_message", {"msg_id": message_id})

    def seen(self, user: ZaloUser, *message_ids: str) -> Event:
        return self._to(user, "user_seen_message", {"msg_ids": list(message_ids)})

    def reacted(self, user: ZaloUser, message_id: str, icon: str) -> Event:
        return self._from(user, "user_reacted_message", {"msg_id": message_id, "react_icon": icon})

    def oa_reacted(self, user: ZaloUser, message_id: str, icon: str) -> Event:
        return self._to(user, "oa_reacted_message", {"msg_id": message_id, "react_icon": icon})

    def notice_received(self, phone: str, message_id: str, tracking_id: str) -> Event:
        """A ZBS message has arrived: the recipient is a telephone number."""
        message = {"delivery_time": milliseconds(self._clock()), "msg_id": message_id, "tracking_id": tracking_id}
        return {
            "app_id": self.oa.app_id,
            "sender": {"id": self.oa.oa_id},
            "recipient": {"id": phone},
            "event_name": "user_received_message",
            "message": message,
            "timestamp": milliseconds(self._clock()),
        }

    def about(self, name: str, **fields: object) -> Event:
        """An event of the OA that is not a message; also for names that nobody knows yet."""
        return {
            "app_id": self.oa.app_id,
            "oa_id": self.oa.oa_id,
            "event_name": name,
            **fields,
            "timestamp": milliseconds(self._clock()),
        }

    def between(self, user: ZaloUser, name: str, **fields: object) -> Event:
        """An event from her to the OA with other fields than `message`."""
        return {
            "app_id": self.oa.app_id,
            "user_id_by_app": user.by_app,
            "sender": {"id": user.user_id},
            "recipient": {"id": self.oa.oa_id},
            "event_name": name,
            **fields,
            "timestamp": milliseconds(self._clock()),
        }

    def _media(self, user: ZaloUser, kind: str, payloads: list[dict[str, Any]], text: str = "") -> Event:
        message = {
            "msg_id": self._new_id(),
            **({"text": text} if text else {}),
            "attachments": [{"type": kind, "payload": payload} for payload in payloads],
        }
        return self._from(user, f"user_send_{kind}", message)

    def _from(self, user: ZaloUser, name: str, message: dict[str, Any]) -> Event:
        return {
            "app_id": self.oa.app_id,
            "sender": {"id": user.user_id},
            "user_id_by_app": user.by_app,
            "recipient": {"id": self.oa.oa_id},
            "event_name": name,
            "message": message,
            "timestamp": milliseconds(self._clock()),
        }

    def _to(self, user: ZaloUser, name: str, message: dict[str, Any], *, sender: dict[str, str] | None = None) -> Event:
        return {
            "app_id": self.oa.app_id,
            "sender": sender or {"id": self.oa.oa_id},
            "user_id_by_app": user.by_app,
            "recipient": {"id": user.user_id},
            "event_name": name,
            "message": message,
            "timestamp": milliseconds(self._clock()),
        }
