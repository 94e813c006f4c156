"""Utility templates: when one is approved, and how a send fills it. Source: "send-messages/utility-messages"."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.simulators.graph_fields import Refused, link, listed, record, words
from tests.simulators.graph_shown import Button, Shown

PARAMETER = re.compile(r"\{\{([^{}]*)\}\}")
NAME = re.compile(r"[a-z0-9_]{1,512}")
MAX_BODY, MAX_HEADER, MAX_TITLE, MAX_PAYLOAD = 1024, 60, 20, 1000


@dataclass(slots=True)
class Template:
    """status: PENDING, APPROVED or REJECTED; only an approved one can be sent. named: else positional."""

    template_id: str
    name: str
    language: str
    named: bool
    components: list[dict[str, Any]]
    status: str = "APPROVED"
    reason: str = ""

    def part(self, kind: str) -> dict[str, Any]:
        return next((one for one in self.components if one.get("type") == kind), {})

    @property
    def described(self) -> dict[str, Any]:
        """As a list of templates shows it."""
        form = "NAMED" if self.named else "POSITIONAL"
        return {
            "id": self.template_id,
            "name": self.name,
            "language": self.language,
            "category": "UTILITY",
            "status": self.status,
            "parameter_format": form,
            "components": self.components,
        }


def drafted(body: dict[str, Any], template_id: str) -> Template:
    """The template that a request asks for. Raises Refused where review would send it back at once."""
    name, language = words(body, "name", 512), words(body, "language", 10)
    if not NAME.fullmatch(name):
        raise Refused(100, "(#100) Param name may hold lower-case letters, digits and underscores")
    if body.get("category") != "UTILITY":
        raise Refused(100, "(#100) Param category must be UTILITY")
    form = body.get("parameter_format", "POSITIONAL")
    if form not in ("NAMED", "POSITIONAL"):
        raise Refused(100, "(#100) Param parameter_format must be one of NAMED, POSITIONAL")
    components = [record(one, "component") for one in listed(body, "components", 3, least=1)]
    if [one.get("type") for one in components].count("BODY") != 1:
        raise Refused(100, "(#100) A template needs one component BODY")
    for component in components:
        _check(component, named=form == "NAMED")
    return Template(template_id, name, language, form == "NAMED", components)


def _check(component: dict[str, Any], *, named: bool) -> None:
    match component.get("type"):
        case "BODY":
            text = words(component, "text", MAX_BODY)
            if PARAMETER.match(text.strip()) or re.search(r"\}\}$", text.strip()):
                raise Refused(100, "(#100) INCORRECT_PARAMS: a template may not start or end with a parameter")
            _check_names(text, named=named)
            found = len(PARAMETER.findall(text))
            if found and len(PARAMETER.sub(" ", text).split()) < 2 * found + 1:  # the ratio itself is not published
                raise Refused(100, "(#100) PARAMS_TO_WORD_RATIO_EXCEED_LIMIT")
        case "HEADER":
            if component.get("format", "TEXT") not in ("TEXT", "IMAGE"):
                raise Refused(100, "(#100) Param format must be one of TEXT, IMAGE")
            _check_names(words(component, "text", MAX_HEADER, required="text" in component), named=named)
        case "BUTTONS":
            for button in listed(component, "buttons", 3, least=1):
                words(record(button, "button"), "text", MAX_TITLE)
                if button.get("type") not in ("POSTBACK", "URL"):
                    raise Refused(100, "(#100) Param type must be one of POSTBACK, URL")
                words(button, "payload", MAX_PAYLOAD) if button["type"] == "POSTBACK" else link(button, "url")
        case other:
            raise Refused(100, f"(#100) Unknown component {other}")


def _check_names(text: str, *, named: bool) -> None:
    names = PARAMETER.findall(text)
    if any(set(name) & set("#$%") or not name.strip() for name in names):
        raise Refused(100, "(#100) INCORRECT_PARAMS: # $ % in a parameter")
    if not named and [int(name) if name.isdecimal() else 0 for name in names] != list(range(1, len(names) + 1)):
        raise Refused(100, "(#100) INCORRECT_PARAMS: numbers without a gap, from 1")
    if named and any(name.isdecimal() for name in names):
        raise Refused(100, "(#100) INCORRECT_PARAMS: a number in a template with names")


def filled(template: Template, sent: dict[str, Any]) -> Shown:
    """The bubble with everything put in. sent: `message.template`. Raises Refused where a parameter is missing."""
    given = {
        str(record(part, "component").get("type")).lower(): listed(part, "parameters", 100)
        for part in listed(sent, "components", 3)
    }
    body = _fill(template.part("BODY")["text"], given.get("body", []), named=template.named)
    header = _fill(str(template.part("HEADER").get("text", "")), given.get("header", []), named=template.named)
    buttons = template.part("BUTTONS").get("buttons", [])
    values = [str(record(one, "parameter").get("payload", "")) for one in given.get("buttons", [])]
    return Shown(f"{header}\n{body}".strip(), tuple(_buttons(buttons, values)))


def _fill(text: str, parameters: list[Any], *, named: bool) -> str:
    texts = [words(record(one, "parameter"), "text", 1000) for one in parameters]
    if any(set(value) & set("#$%") for value in texts):
        raise Refused(100, "(#100) INCORRECT_PARAMS: # $ % in a parameter")
    keys = [str(one.get("parameter_name", "")) if named else str(n) for n, one in enumerate(parameters, 1)]
    wanted = PARAMETER.findall(text)
    if sorted(set(keys)) != sorted(set(wanted)) or len(keys) != len(set(keys)):
        raise Refused(100, "(#100) INCORRECT_PARAMS: every parameter once, no other")
    values = dict(zip(keys, texts, strict=True))
    return PARAMETER.sub(lambda found: values[found[1]], text)


def _buttons(buttons: list[dict[str, Any]], values: list[str]) -> Iterable[Button]:
    """The parameters belong, in order, to the buttons that have a place for one."""
    left = list(values)
    for button in buttons:
        kind, target = ("web_url", button["url"]) if button["type"] == "URL" else ("postback", button["payload"])
        if PARAMETER.search(target):
            if not left or not left[0]:
                raise Refused(100, "(#100) INCORRECT_PARAMS: a button's parameter is missing")
            before, _, after = PARAMETER.split(target, maxsplit=1)
            target = before + left.pop(0) + after
        yield Button(button["text"], target, kind)
