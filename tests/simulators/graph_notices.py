"""Events that nobody in the chat did: echoes, receipts, who holds the thread, policy, templates, comments.

Shapes: "webhooks/webhook-events/…" of the Messenger Platform, mid 2026.
"""

import itertools
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

Item = dict[str, Any]
INBOX_APP = 263902037430900


class Stamp(Enum):
    """How moments are written: milliseconds as a rule, but lead events have seconds, and one page shows a string."""

    MILLISECONDS = "ms"
    SECONDS = "s"
    STRING = "string"


class Notices:
    """Items of one page's events. now: the moment that they carry. Message ids count up from 1, `m_in1`."""

    def __init__(self, page_id: str, now: Callable[[], datetime]) -> None:
        self.page_id = page_id
        self.stamp = Stamp.MILLISECONDS
        self._now = now
        self._numbers = itertools.count(1)

    def item(self, psid: str, **content: object) -> Item:
        """From a person to the page."""
        return {
            "sender": {"id": psid},
            "recipient": {"id": self.page_id},
            "timestamp": self._timestamp(),
            **content,
        }

    def from_page(self, psid: str, **message: object) -> Item:
        """An echo: sender and recipient are the other way round."""
        return {
            "sender": {"id": self.page_id},
            "recipient": {"id": psid},
            "timestamp": self._timestamp(),
            "message": {"mid": self.mid(), "is_echo": True, **message},
        }

    def echo(self, psid: str, words: str, app_id: int | str = INBOX_APP, **more: object) -> Item:
        """The page's own message; as it stands, one that staff wrote in Meta's inbox. more: `metadata`, `mid`."""
        return self.from_page(psid, text=words, app_id=app_id, **more)

    def template_echo(self, psid: str, template: dict[str, Any], app_id: int | str, **more: object) -> Item:
        """A card comes back as attachment, and its `attachment_id` as a number although the Send API wants a string."""
        attachments = [{"type": "template", "title": "", "url": None, "payload": _numbered(template)}]
        return self.from_page(psid, attachments=attachments, app_id=app_id, **more)

    def delivery(self, psid: str, *mids: str) -> Item:
        """Without ids it has only the watermark, and no `mids` at all."""
        named = {"mids": list(mids)} if mids else {}
        return self.item(psid, delivery={**named, "watermark": self._millis()})

    def read(self, psid: str) -> Item:
        return self.item(psid, read={"watermark": self._millis()})

    def pass_thread(self, psid: str, new: str | int, previous: str | int | None = None, metadata: str = "") -> Item:
        """previous: None when the thread was idle."""
        return self.item(psid, pass_thread_control=_owners(new, previous, metadata))

    def take_thread(self, psid: str, new: str | int, previous: str | int | None = None, metadata: str = "") -> Item:
        return self.item(psid, take_thread_control=_owners(new, previous, metadata))

    def request_thread(self, psid: str, app_id: str | int, metadata: str = "") -> Item:
        return self.item(psid, request_thread_control={"requested_owner_app_id": app_id, "metadata": metadata})

    def app_roles(self, app_id: str, *roles: str) -> Item:
        return self._to_page(app_roles={app_id: list(roles) or ["primary_receiver"]})

    def policy(self, action: str, reason: str = "", *, hyphen: bool = False) -> Item:
        """action: warning, block, unblock; the last has no reason. hyphen: the other spelling of the key."""
        why = {"reason": reason} if reason else {}
        return self._to_page(**{"policy-enforcement" if hyphen else "policy_enforcement": {"action": action, **why}})

    def comment(self, comment_id: str, from_id: str, words: str, *, verb: str = "add", **more: object) -> Item:
        """One of `changes`: a comment under a post of the page. Moments of the feed are seconds."""
        value = {
            "item": "comment",
            "verb": verb,
            "post_id": f"{self.page_id}_900",
            "parent_id": f"{self.page_id}_900",
            "comment_id": comment_id,
            "from": {"id": from_id, "name": "Chị Thử"},
            "message": words,
            "created_time": int(self._now().timestamp()),
        }
        return {"field": "feed", "value": value | more}

    def template_status(self, name: str, event: str = "APPROVED", *, other_name: bool = False) -> Item:
        """One of `changes`. other_name: the field as the list of fields spells it."""
        field = "messenger_template_status_update" if other_name else "message_template_status_update"
        value = {"event": event, "message_template_name": name, "message_template_language": "vi", "reason": "NONE"}
        return {"field": field, "value": value}

    def mid(self) -> str:
        return f"m_in{next(self._numbers)}"

    def _to_page(self, **content: object) -> Item:
        """What is about the page and from nobody: without `sender`."""
        return {"recipient": {"id": self.page_id}, "timestamp": self._timestamp(), **content}

    def _timestamp(self) -> int | str:
        match self.stamp:
            case Stamp.SECONDS:
                return self._millis() // 1000
            case Stamp.STRING:
                return str(self._millis())
            case Stamp.MILLISECONDS:
                return self._millis()

    def _millis(self) -> int:
        return int(self._now().timestamp() * 1000)


def _owners(new: str | int, previous: str | int | None, metadata: str) -> Item:
    return {"previous_owner_app_id": previous, "new_owner_app_id": new, "metadata": metadata}


def _numbered(value: Any) -> Any:
    """The same with every `attachment_id` as a number."""
    match value:
        case dict():
            return {
                name: int(one) if name == "attachment_id" and str(one).isdecimal() else _numbered(one)
                for name, one in value.items()
            }
        case list():
            return [_numbered(one) for one in value]
    return value
