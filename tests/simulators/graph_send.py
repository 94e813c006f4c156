"""`POST /<PAGE_ID>/messages`: a message or a sender action to one person. Source: "reference/send-api"."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.simulators import graph_lanes as lanes
from tests.simulators.graph_book import PageState, Thread
from tests.simulators.graph_call import Call
from tests.simulators.graph_fields import Refused
from tests.simulators.graph_media import Saved, Upload, check_upload
from tests.simulators.graph_platform import Action, Platform
from tests.simulators.graph_rules import Shown, recipient, shown
from tests.simulators.graph_utility import filled

Deliver = Callable[[str, str, Shown], str]
"""Puts a bubble on the phone of a PSID at a page, and gives its message id."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One accepted message. message: as it came in the request."""

    page_id: str
    psid: str
    message_id: str
    message: dict[str, Any]


class PageShelf:
    """What one request may refer to: saved attachments, an upload in the same request, approved templates."""

    def __init__(self, platform: Platform, page: PageState, upload: Upload | None) -> None:
        self._platform, self._page, self._upload = platform, page, upload
        self.reusable: Saved | None = None
        self.file: Upload | None = None
        """The file that was asked for last, if it was uploaded."""

    def media(self, kind: str, payload: dict[str, Any]) -> str:
        now = self._platform.clock()
        if "attachment_id" in payload:
            name = payload["attachment_id"]
            saved = self._platform.book.saved.get(name, Saved("", "", now))
            saved.check(self._page.page_id, kind, now)
            self.file = saved.upload if kind == "file" else None
            return f"{kind} {name}"
        url = payload.get("url") or ""
        if self._upload is not None and not url:
            check_upload(kind, self._upload)
            self.file = self._upload if kind == "file" else None
            seen = self._upload.name
        elif isinstance(url, str) and url.startswith(("https://", "http://")):
            self._platform.fetch(kind, url)
            seen = url
        else:
            raise Refused(100, "(#100) An attachment needs a url, an attachment_id or a file")
        if str(payload.get("is_reusable")).lower() == "true":
            self.reusable = Saved(self._page.page_id, kind, now, url, self._upload)
        return f"{kind} {seen}"

    def utility(self, template: dict[str, Any]) -> Shown:
        language = template.get("language")
        code = language.get("code") if isinstance(language, dict) else language
        found = self._page.templates.get((str(template.get("name")), str(code)))
        if found is None or found.status != "APPROVED":
            raise Refused(100, "(#100) Template does not exist or is not approved")
        return filled(found, template)

    def keep(self) -> str:
        """The id of what is reusable; empty if nothing is."""
        if self.reusable is None:
            return ""
        with self._platform.lock:
            name = self._platform.book.new_id()
            self._platform.book.saved[name] = self.reusable
        return name


def send(platform: Platform, page: PageState, call: Call, deliver: Deliver) -> tuple[dict[str, Any], Sent | None]:
    """The answer, and what was sent; None for a sender action. Raises Refused, and then nothing has happened."""
    body = call.params
    kind, name = recipient(body)
    shelf = PageShelf(platform, page, call.upload)
    bubble = shown(body, shelf)
    if bubble is not None and shelf.file is not None:
        bubble = replace(bubble, file=shelf.file)
    if body.get("persona_id") is not None and str(body["persona_id"]) not in page.personas:
        raise Refused(100, "(#100) Invalid persona_id")
    with platform.lock:
        now = platform.clock()
        comment = lanes.private_reply(page, name, now) if kind in ("comment_id", "post_id") else None
        thread = page.thread(comment.psid) if comment else _addressee(platform, page, name)
        roles = None if platform.live else platform.roles
        lanes.check_person(page, thread, now, app_id=platform.app_id, roles=roles)
        if platform.strict and comment is None:
            lanes.check_window(thread, body, now)
        if bubble is None:
            platform.actions.append(Action(page.page_id, thread.psid, body["sender_action"], now))
            return {"recipient_id": thread.psid}, None
        if platform.strict:
            _check_counts(platform, page, bubble)
        lanes.control_in_send(thread, body, now)
        if comment is not None:
            comment.answered = True
        if thread.waits_since is not None:
            platform.book.delays.append(now - thread.waits_since)
            thread.waits_since = None
    message_id = deliver(page.page_id, thread.psid, bubble)
    answer = (
        {"message_id": message_id} if kind == "user_ref" else {"recipient_id": thread.psid, "message_id": message_id}
    )
    if attachment_id := shelf.keep():
        answer["attachment_id"] = attachment_id
    return answer, Sent(page.page_id, thread.psid, message_id, body["message"])


def _addressee(platform: Platform, page: PageState, psid: str) -> Thread:
    allowed = platform.people is None or psid in platform.people
    if not allowed or (platform.strict and psid not in page.threads):
        raise Refused(100, "(#100) No matching user found", 2018001)
    return page.thread(psid)


def _check_counts(platform: Platform, page: PageState, bubble: Shown) -> None:
    platform.rates.message(page.page_id, bubble.attachment.partition(" ")[0], platform.clock())
    if bubble.receipt is not None:
        if bubble.receipt.order_number in page.order_numbers:
            raise Refused(100, "(#100) Param order_number must be unique")
        page.order_numbers.add(bubble.receipt.order_number)
