"""May this page write to this person now? Source: "send-messages", "conversation-routing", "error-codes"."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tests.simulators.graph_book import INBOX, QUESTIONS, Comment, PageState, Thread
from tests.simulators.graph_clock import DAY
from tests.simulators.graph_fields import Refused, record

HUMAN_AGENT, PRIVATE_REPLY = 7 * DAY, 7 * DAY


def check_person(page: PageState, thread: Thread, now: datetime, *, app_id: str, roles: Collection[str] | None) -> None:
    """All that has nothing to do with the message. roles: who has one, where the app is not live. Raises Refused."""
    if page.restricted:
        raise Refused(10, "(#10) This Page is temporarily restricted from sending messages", 1893063)
    if roles is not None and thread.psid not in roles:
        raise Refused(200, "(#200) The app is in development: only people with a role can be reached", 2018028, 403)
    if thread.refusal is not None:
        raise thread.refusal
    if thread.blocked:
        raise Refused(551, "(#551) This person isn't available right now.", 1545041)
    holder = thread.holder(now)
    if holder == QUESTIONS:
        raise Refused(2018321, "(#2018321) Automated questions and answers control this thread")
    if holder not in ("", app_id):
        raise Refused(2018300, "(#2018300) Another app is controlling this thread now")


def check_window(thread: Thread, body: dict[str, Any], now: datetime) -> None:
    """A sender action is held to the window too: the reference does not say, and this is the stricter reading."""
    outside = Refused(10, "(#10) This message is sent outside of allowed window.", 2018278)
    match body.get("messaging_type"):
        case "UTILITY":
            return
        case "MESSAGE_TAG":
            if thread.opened_at is None or now - thread.opened_at > HUMAN_AGENT:
                raise outside
        case _:
            if thread.open_until is None or now > thread.open_until:
                raise outside


def private_reply(page: PageState, name: str, now: datetime) -> Comment:
    """The comment or post that may still be answered in private. Codes but for 33 are not in the reference."""
    comment = page.comments.get(name)
    if comment is None:
        raise Refused(100, "(#100) Object does not exist or cannot be loaded due to missing permissions", 33)
    if comment.answered:
        raise Refused(10900, "(#10900) Activity already replied to")
    if now - comment.at > PRIVATE_REPLY:
        raise Refused(10, "(#10) This message is sent outside of allowed window.", 2018278)
    return comment


def control(edge: str, thread: Thread, body: dict[str, Any], now: datetime, *, app_id: str, default_app: str) -> None:
    """`pass_`, `release_` and `take_thread_control`. Raises Refused.

    With no default app, taking is blocked, and passing works when the thread is idle.
    """
    holder = thread.holder(now)
    if edge == "take_thread_control":
        if default_app != app_id:
            raise Refused(10, "(#10) Only the default app may take thread control")
        thread.owner = app_id
    elif holder not in ("", app_id):
        raise Refused(2018300, "(#2018300) Another app is controlling this thread now")
    elif edge == "release_thread_control":
        thread.owner = ""
    else:
        target = str(body.get("target_app_id") or "")
        if not target.isdigit():
            raise Refused(100, "(#100) The parameter target_app_id is required")
        thread.owner = target
    thread.active_at = now


def control_in_send(thread: Thread, body: dict[str, Any], now: datetime) -> None:
    """`thread_control` beside `message`: hand the thread over with the last word. Raises Refused."""
    if "thread_control" not in body:
        return
    match record(body["thread_control"], "thread_control"):
        case {"control_type": "pass", "app_id": app_id} if str(app_id).isdigit():
            thread.owner = str(app_id)
        case {"control_type": "release"}:
            thread.owner = ""
        case _:
            raise Refused(100, "(#100) Param thread_control must pass with an app_id, or release")
    thread.active_at = now


def taken_by_inbox(thread: Thread, now: datetime) -> str:
    """Somebody of the page answers by hand: who held the thread until now, empty if nobody."""
    before = thread.holder(now)
    thread.owner, thread.active_at = INBOX, now
    return before
