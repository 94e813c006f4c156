"""What the bot does at Graph in a thread: one reply out, a picture up, a name, and who has the thread.

Sources: "reference/send-api", "send-messages/saving-assets", "identity/user-profile", "conversation-routing".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.permit import Way
from bot.reply import Reason, SendError
from handlers.calling import Answered, Call
from handlers.channels.messenger.answer import Refused, pause, refuse
from handlers.channels.messenger.graph import appsecret_proof, path_of
from handlers.channels.messenger.items import INBOX_APP
from handlers.channels.messenger.page import FIELDS, PageClient
from handlers.channels.messenger.verdict import NAMELESS
from handlers.wire import id_of

__all__ = ["FIELDS", "INBOX_APP", "MessengerClient", "Profile", "appsecret_proof", "pause", "refuse"]

SENT_AS = {
    Way.REPLY: {"messaging_type": "RESPONSE"},
    Way.HUMAN: {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"},
    Way.TEMPLATE: {"messaging_type": "UTILITY"},
}
"""As what a message goes. The tags for orders and accounts are not here: they are error 100 since 27 April 2026."""

KINDS = ("image", "audio", "video")
MAX_FILE = 25 * 1024 * 1024  # send-messages/saving-assets: all but pictures


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person is called at Facebook; both empty where Facebook does not tell."""

    first_name: str = ""
    last_name: str = ""


class MessengerClient(PageClient):
    """What the bot does in a thread, and what a page must be told."""

    def send(
        self,
        page_id: str,
        token: str,
        address: str,
        message: Mapping[str, Any],
        metadata: str,
        *,
        way: Way = Way.REPLY,
    ) -> None:
        """Send one `message` of the codec as what the permit allows; `metadata` comes back in its echo.

        Raises SendError. `unknown` after a time-out, a reset or half an answer: Graph has no key that would make a
        second try harmless, so look for the echo first.
        """
        self.settle(self.make(self.message(page_id, token, address, message, metadata, way=way)), way)

    def message(
        self,
        page_id: str,
        token: str,
        address: str,
        message: Mapping[str, Any],
        metadata: str,
        *,
        way: Way = Way.REPLY,
    ) -> Call:
        """The call that `send` makes. Raises SendError where Messenger knows no such way."""
        if way not in SENT_AS:
            raise SendError(f"Messenger has no {way.value} messages", reason=Reason.SHAPE, permanent=True)
        body = {"recipient": {"id": address}, **SENT_AS[way], "message": {**message, "metadata": metadata}}
        return self.ready(f"{path_of(page_id)}/messages", token, body)

    def settle(self, answered: Answered, way: Way) -> None:
        """Whether the call's answer says that the message is there. Raises SendError as `send` does."""
        refuse(answered.status, answered.headers, answered.content, ordinary=way is Way.REPLY)

    def sign(self, page_id: str, token: str, address: str, action: str) -> None:
        """Show that it is read or that we write: action is `mark_seen`, `typing_on` or `typing_off`."""
        self.ask(
            "POST",
            f"{path_of(page_id)}/messages",
            token,
            body={"recipient": {"id": address}, "sender_action": action},
        )

    def upload(self, page_id: str, token: str, content: bytes, media_type: str, name: str) -> str:
        """Keep a file at Meta and return its id, which is this page's alone and lapses after 90 days."""
        kind = media_type.partition("/")[0]
        message = {"attachment": {"type": kind if kind in KINDS else "file", "payload": {"is_reusable": True}}}
        answer = self.ask(
            "POST",
            f"{path_of(page_id)}/message_attachments",
            token,
            data={"message": msgspec.json.encode(message).decode()},
            files={"filedata": (name, content, media_type)},
        )
        attachment_id = id_of(answer.get("attachment_id"))
        if not attachment_id:
            raise SendError("Graph names no attachment", reason=Reason.UNREACHABLE, unknown=True)
        return attachment_id

    def profile(self, token: str, psid: str) -> Profile:
        """Her name as far as Facebook tells it; never her picture. Raises SendError for what has other reasons."""
        try:
            answer = self.ask("GET", path_of(psid), token, query={"fields": "first_name,last_name"})
        except Refused as refused:
            if NAMELESS & {refused.code, refused.subcode}:
                return Profile()
            raise
        return Profile(_words(answer.get("first_name")), _words(answer.get("last_name")))

    def pass_thread(self, page_id: str, token: str, address: str, app_id: str = INBOX_APP, metadata: str = "") -> None:
        """Give the thread to another app; as it stands, to the people at Meta's inbox."""
        body = {"recipient": {"id": address}, "target_app_id": app_id, "metadata": metadata}
        self.done(f"{path_of(page_id)}/pass_thread_control", token, body=body)

    def take_thread(self, page_id: str, token: str, address: str, metadata: str = "") -> None:
        """Take the thread back; only a page's default app may."""
        body = {"recipient": {"id": address}, "metadata": metadata}
        self.done(f"{path_of(page_id)}/take_thread_control", token, body=body)

    def release_thread(self, page_id: str, token: str, address: str) -> None:
        """Leave the thread to whoever comes first."""
        self.done(f"{path_of(page_id)}/release_thread_control", token, body={"recipient": {"id": address}})


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""
