"""The Messenger profile: Get Started, greeting, menu, ice breakers, commands. Source: "messenger-profile-api/…"."""

from typing import Any

from tests.simulators.graph_fields import Refused, link, listed, record, words

NAMES = ("get_started", "greeting", "persistent_menu", "ice_breakers", "commands", "whitelisted_domains")
MAX_PAYLOAD = 1000


def changed(profile: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The profile with what a POST sets. Raises Refused."""
    given = {name: value for name, value in body.items() if name != "platform"}
    if not given or not given.keys() <= set(NAMES):
        raise Refused(100, f"(#100) Param must be one of {', '.join(NAMES)}")
    if "get_started" in given:
        words(record(given["get_started"], "get_started"), "payload", MAX_PAYLOAD)
    if "greeting" in given:
        _default(given, "greeting")
        for one in given["greeting"]:
            words(one, "text", 160)
    if "persistent_menu" in given:
        check_menu(given)
    if "ice_breakers" in given:
        _check_ice_breakers(given)
    if "commands" in given:
        _check_commands(given)
    after = profile | given
    _needs_get_started(after)
    return after


def cleared(profile: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The profile without what a DELETE names. Raises Refused."""
    names = listed(body, "fields", len(NAMES), least=1)
    if not set(names) <= set(NAMES):
        raise Refused(100, f"(#100) Param fields must be of {', '.join(NAMES)}")
    after = {name: value for name, value in profile.items() if name not in names}
    _needs_get_started(after)
    return after


def check_menu(body: dict[str, Any]) -> None:
    """A page's menu, or one person's. Raises Refused."""
    _default(body, "persistent_menu")
    for menu in body["persistent_menu"]:
        for action in listed(record(menu, "menu"), "call_to_actions", 20):
            words(record(action, "call_to_action"), "title", 30)
            match action.get("type"):
                case "postback":
                    words(action, "payload", MAX_PAYLOAD)
                case "web_url":
                    link(action, "url")
                case kind:
                    raise Refused(100, f"(#100) A menu holds postback and web_url, not {kind}")


def _default(body: dict[str, Any], name: str) -> None:
    locales = [record(one, name).get("locale") for one in listed(body, name, 100, least=1)]
    if "default" not in locales:
        raise Refused(100, f"(#100) Param {name} needs the default locale")


def _check_ice_breakers(body: dict[str, Any]) -> None:
    for wrapper in listed(body, "ice_breakers", 100, least=1):
        questions = listed(record(wrapper, "ice_breaker"), "call_to_actions", 4) or [wrapper]
        for one in questions:
            words(record(one, "call_to_action"), "question", 80)
            words(one, "payload", MAX_PAYLOAD)


def _check_commands(body: dict[str, Any]) -> None:
    for wrapper in listed(body, "commands", 100, least=1):
        for command in listed(record(wrapper, "commands"), "commands", 100, least=1):
            words(record(command, "command"), "name", 32)
            words(command, "description", 64)


def _needs_get_started(profile: dict[str, Any]) -> None:
    if "persistent_menu" in profile and "get_started" not in profile:
        raise Refused(100, "(#100) You must set a Get Started button if you also wish to use persistent menu")
