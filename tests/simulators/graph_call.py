"""One request to Graph as it is meant: where it goes and its parameters, whichever way they came."""

import json
import re
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qs

from tests.simulators.graph_fields import Refused
from tests.simulators.graph_media import Upload
from tests.simulators.server import Request

PATH = re.compile(r"/v[0-9]+\.[0-9]+/([^/]+)(?:/([a-z_]+))?/?")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
SECRET = ("access_token", "appsecret_proof")


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """node: "me", a page's id or a PSID. edge: "" for the node itself. params: of query and body, without secrets.

    why: what makes the body unreadable; empty if nothing does.
    """

    method: str
    node: str
    edge: str
    token: str
    proof: str
    params: dict[str, Any]
    upload: Upload | None = None
    why: str = ""


def read(request: Request) -> Call | None:
    """None where the path is not one of Graph's."""
    path = PATH.fullmatch(request.path)
    if path is None:
        return None
    why, upload = "", None
    params: dict[str, Any] = {name: _value(value) for name, value in request.query.items() if name not in SECRET}
    try:
        body, upload = _body(request)
    except Refused as refusal:
        body, why = {}, refusal.text
    token = request.query.get("access_token") or str(body.get("access_token") or "")
    params.update((name, value) for name, value in body.items() if name not in SECRET)
    proof = request.query.get("appsecret_proof", "")  # in a form's body it may be overlooked, so that here it is
    return Call(request.method, path[1], path[2] or "", token, proof, params, upload, why)


def _body(request: Request) -> tuple[dict[str, Any], Upload | None]:
    kind, parameters = _header(request.headers.get("content-type", ""))
    if not request.body:
        return {}, None
    if kind == FORM:
        fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: _value(values[0]) for name, values in fields.items()}, None
    if kind == MULTIPART:
        return _parts(request.body, parameters.get("boundary", "").encode())
    try:
        decoded = json.loads(request.body)
    except (ValueError, RecursionError):
        decoded = None
    if not isinstance(decoded, dict):
        raise Refused(100, "(#100) The body must be a JSON object")
    return decoded, None


def _parts(body: bytes, boundary: bytes) -> tuple[dict[str, Any], Upload | None]:
    """Fields hold JSON; the part with a file name is the upload."""
    fields: dict[str, Any] = {}
    upload = None
    for part in body.split(b"--" + boundary)[1:-1] if boundary else ():
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        _, given = _header(headers.get("content-disposition", ""))
        if "filename" in given or "filename*" in given:
            if given.get("name") == "filedata":
                upload = Upload(given.get("filename", ""), headers.get("content-type", ""), content)
        else:
            fields[given.get("name", "")] = _value(content.decode("utf-8", "replace"))
    return fields, upload


def _header(value: str) -> tuple[str, dict[str, str]]:
    """`multipart/form-data; boundary=x` as its first word and its parameters."""
    message = Message()
    message["content-type"] = value
    first, *others = message.get_params(failobj=[("", "")])
    return first[0].lower(), {name.lower(): str(given) for name, given in others}


def _value(text: str) -> Any:
    """In a query or a form, objects and lists are JSON strings; all else is a string."""
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
