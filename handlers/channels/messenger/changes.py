"""One item of `changes`: news about the page. A comment under a post is kept as a fact, without its words.

Sources: "send-messages/utility-messages" for templates; the feed's fields are those that public adapters read.
"""

from datetime import datetime

import msgspec

from bot.event import AccountNews, Event, Inbound, Silent
from bot.understand.text import clean
from handlers.channels.messenger.shapes import Change, Comment, TemplateStatus
from handlers.wire import id_of, key_of, unreadable

TEMPLATE_FIELDS = ("message_template_status_update", "messenger_template_status_update")
"""The same event: one page of the manual spells it so, another so."""


def changed(account: str, raw: object, time: object, at: datetime) -> Inbound:
    """Always addressed to nobody: a comment carries another kind of id than a chat.

    time: of the entry, as it came: a template that is approved, paused and approved again says the same words twice.
    """
    try:
        change = msgspec.convert(raw, Change)
    except msgspec.ValidationError:
        return unreadable(account, raw, at)
    key, event = _told(account, change, [time, raw])
    return Inbound(account, "", key, at, event)


def _told(account: str, change: Change, raw: object) -> tuple[str, Event]:
    plain = key_of("change", "", raw), Silent("change")
    try:
        if change.field in TEMPLATE_FIELDS:
            return _template(msgspec.convert(change.value, TemplateStatus), raw) or plain
        if change.field == "feed":
            return _comment(account, msgspec.convert(change.value, Comment), raw) or plain
    except msgspec.ValidationError:
        return plain
    return plain


def _template(status: TemplateStatus, raw: object) -> tuple[str, Event] | None:
    name = id_of(status.message_template_name or status.name)
    word = clean(status.event or status.message_template_status or status.status or "")
    return (key_of("template", "", raw), AccountNews("template", ref=name, words=word)) if name and word else None


def _comment(account: str, comment: Comment, raw: object) -> tuple[str, Event] | None:
    """The page's own comments come back too: they are echoes."""
    if comment.item != "comment":
        return None
    comment_id = id_of(comment.comment_id)
    key = key_of("comment", f"{comment_id}:{comment.verb}" if comment_id else "", raw)
    own = comment.author is not None and bool(account) and id_of(comment.author.id) == account
    return key, Silent("echo" if own else "comment")
