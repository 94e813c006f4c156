"""All routes but `messages`: uploads, profile, subscriptions, templates, personas, thread control, names.

Each function answers one edge with the body of a success and raises Refused. All but `upload` run under the
platform's lock.
"""

from collections.abc import Callable
from typing import Any

from tests.simulators import graph_lanes as lanes
from tests.simulators import graph_profile as profile
from tests.simulators.graph_book import PageState
from tests.simulators.graph_call import Call
from tests.simulators.graph_fields import Refused, link, record, words
from tests.simulators.graph_platform import NO_FIELD, Platform
from tests.simulators.graph_rules import KINDS
from tests.simulators.graph_send import PageShelf
from tests.simulators.graph_subscriptions import FIELDS
from tests.simulators.graph_utility import drafted

Body = dict[str, Any]
Edge = Callable[[Platform, PageState, Call], Body]
SUBSCRIBED: Body = {"success": "true"}
"""As the sample of that page has it: a string, where others have a boolean."""


def upload(platform: Platform, page: PageState, call: Call) -> Body:
    attachment = record(record(call.params.get("message"), "message").get("attachment"), "attachment")
    payload = record(attachment.get("payload"), "payload")
    if attachment.get("type") not in KINDS:
        raise Refused(100, f"(#100) Unknown attachment type {attachment.get('type')}")
    shelf = PageShelf(platform, page, call.upload)
    shelf.media(str(attachment["type"]), payload | {"is_reusable": True})
    return {"attachment_id": shelf.keep()}


def get_profile(platform: Platform, page: PageState, call: Call) -> Body:
    _count_profile(platform, page.page_id)
    found = {name: page.profile[name] for name in _names(call) if name in page.profile}
    return {"data": [found] if found else []}


def set_profile(platform: Platform, page: PageState, call: Call) -> Body:
    _count_profile(platform, page.page_id)
    page.profile = profile.changed(page.profile, call.params)
    return {"result": "success"}


def clear_profile(platform: Platform, page: PageState, call: Call) -> Body:
    _count_profile(platform, page.page_id)
    fields = call.params.get("fields")
    named = fields.split(",") if isinstance(fields, str) else fields
    page.profile = profile.cleared(page.profile, {"fields": named})
    return {"result": "success"}


def own_menu(platform: Platform, page: PageState, call: Call) -> Body:
    """One person's menu: it shows at once, and goes before the page's."""
    psid = str(call.params.get("psid") or "")
    if not psid or (platform.strict and psid not in page.threads):
        raise Refused(100, "(#100) No matching user found", 2018001)
    _count_profile(platform, f"{page.page_id}/{psid}")
    thread = page.thread(psid)
    match call.method:
        case "POST":
            profile.check_menu(call.params)
            if "get_started" not in page.profile:
                raise Refused(100, "(#100) You must set a Get Started button if you also wish to use persistent menu")
            thread.menu = call.params["persistent_menu"]
        case "DELETE":
            thread.menu = None
        case _:
            menus = {"page_level_persistent_menu": page.profile.get("persistent_menu", [])}
            return {"data": [menus | {"user_level_persistent_menu": thread.menu or []}]}
    return {"result": "success"}


def subscriptions(platform: Platform, page: PageState, call: Call) -> Body:
    match call.method:
        case "POST":
            given = call.params.get("subscribed_fields", [])
            asked = frozenset(given.split(",") if isinstance(given, str) else map(str, given))
            if not asked or not asked <= FIELDS:
                raise Refused(100, "(#100) Param subscribed_fields must be a list of fields")
            page.fields = asked
        case "DELETE":
            page.fields = NO_FIELD
        case _:
            app = {"id": platform.app_id, "name": "Chợ Phiên", "subscribed_fields": sorted(page.fields or ())}
            return {"data": [app] if page.fields else []}
    return SUBSCRIBED


def templates(platform: Platform, page: PageState, call: Call) -> Body:
    if call.method == "GET":
        wanted = call.params.get("name")
        return {"data": [one.described for one in page.templates.values() if wanted in (None, one.name)]}
    template = drafted(call.params, platform.book.new_id())
    if (template.name, template.language) in page.templates:
        raise Refused(100, "(#100) A template of that name and language exists")
    template.status = platform.review
    page.templates[template.name, template.language] = template
    return {"id": template.template_id, "status": template.status, "category": "UTILITY"}


def personas(platform: Platform, page: PageState, call: Call) -> Body:
    if call.method == "GET":
        return {"data": [{"id": name, **persona} for name, persona in page.personas.items()]}
    made = {"name": words(call.params, "name", 50), "profile_picture_url": link(call.params, "profile_picture_url")}
    name = platform.book.new_id()
    page.personas[name] = made
    return {"id": name}


def thread_control(platform: Platform, page: PageState, call: Call) -> Body:
    psid = str(record(call.params.get("recipient"), "recipient").get("id") or "")
    if not psid or (platform.strict and psid not in page.threads):
        raise Refused(100, "(#100) No matching user found", 2018001)
    lanes.control(
        call.edge,
        page.thread(psid),
        call.params,
        platform.clock(),
        app_id=platform.app_id,
        default_app=platform.default_app,
    )
    return {"success": True}


def node(platform: Platform, page: PageState, call: Call) -> Body:
    """The page itself, or one person of hers."""
    if call.node in ("me", page.page_id):
        named = {"id": page.page_id, "name": page.name}
        return {name: named[name] for name in ("id", *_names(call)) if name in named}
    thread = page.threads.get(call.node)
    if thread is None:
        raise Refused(100, "Unsupported get request. Object does not exist or misses permissions", 33)
    if thread.by_phone_number:
        raise Refused(100, "(#100) No profile available for this user.", 2018218)
    if not platform.profiles or thread.profile is None:
        return {}
    return {name: thread.profile[name] for name in _names(call) if name in thread.profile} | {"id": thread.psid}


def _names(call: Call) -> list[str]:
    return [name.strip() for name in str(call.params.get("fields", "")).split(",") if name.strip()]


def _count_profile(platform: Platform, whose: str) -> None:
    if platform.strict:
        platform.rates.profile(whose, platform.clock())


EDGES: dict[tuple[str, str], Edge] = {
    ("POST", "message_attachments"): upload,
    ("GET", "messenger_profile"): get_profile,
    ("POST", "messenger_profile"): set_profile,
    ("DELETE", "messenger_profile"): clear_profile,
    ("GET", "custom_user_settings"): own_menu,
    ("POST", "custom_user_settings"): own_menu,
    ("DELETE", "custom_user_settings"): own_menu,
    ("GET", "subscribed_apps"): subscriptions,
    ("POST", "subscribed_apps"): subscriptions,
    ("DELETE", "subscribed_apps"): subscriptions,
    ("GET", "message_templates"): templates,
    ("POST", "message_templates"): templates,
    ("GET", "personas"): personas,
    ("POST", "personas"): personas,
    ("POST", "pass_thread_control"): thread_control,
    ("POST", "release_thread_control"): thread_control,
    ("POST", "take_thread_control"): thread_control,
    ("GET", ""): node,
}
