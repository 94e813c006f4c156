"""oauth.zaloapp.com: the page where an OA's admin agrees, and the address that gives tokens."""

import html
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

from tests.simulators.server import Answer, Request
from tests.simulators.zalo_errors import Refused, oauth
from tests.simulators.zalo_grants import token_answer
from tests.simulators.zalo_state import State
from tests.simulators.zalo_world import App

PAGE = """<!doctype html><meta charset="utf-8"><title>Zalo</title>
<h1>{app} xin quyền gửi tin thay Official Account</h1>
<form method="post" action="/v4/oa/permission">{hidden}{choices}<button>Cho phép</button></form>
"""


def permission(state: State, request: Request) -> Answer:
    """GET shows the form; POST is its "Cho phép" and leads to the callback. Refusals are JSON with HTTP 200."""
    fields = request.query if request.method == "GET" else form(request.body)
    try:
        app = _app(state, fields)
        if not app.callback or fields.get("redirect_uri") != app.callback:
            raise oauth(-14003, "Invalid redirect uri", "redirect_uri is not the saved Official Account Callback Url")
        if request.method == "GET":
            return Answer(body=_page(state, app, fields), content_type="text/html; charset=utf-8")
        oa = state.oas.get(fields.get("oa_id", ""))
        if oa is None or oa.app_id != app.app_id:
            raise Refused(-205)
        code = state.grants.consent(app, oa, fields.get("code_challenge", ""))
    except Refused as refusal:
        return Answer(body=refusal.body)
    query = urlencode({"code": code, "oa_id": oa.oa_id, "state": fields.get("state", "")})
    separator = "&" if "?" in app.callback else "?"
    return Answer(302, b"", {"Location": app.callback + separator + query}, "text/html")


def tokens(state: State, request: Request) -> Answer:
    """`POST /v4/oa/access_token`. Every refusal comes with HTTP 200 and without tokens."""
    fields = form(request.body)
    try:
        app = _app(state, fields)
        if request.headers.get("secret_key") != app.secret:
            raise oauth(-14012, "Invalid secret key", "secret_key is invalid")
        return Answer(body=token_answer(app, state.grants, fields))
    except Refused as refusal:
        return Answer(body=refusal.body)


def form(body: bytes) -> dict[str, str]:
    """The first value of each field."""
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _app(state: State, fields: Mapping[str, str]) -> App:
    app = state.apps.get(fields.get("app_id", ""))
    if app is None or not app.active:
        raise oauth(-14002, "Invalid appId", "app_id is invalid or the app is not active")
    return app


def _page(state: State, app: App, fields: Mapping[str, str]) -> bytes:
    names = ("app_id", "redirect_uri", "code_challenge", "state")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(fields.get(name, ""))}">' for name in names
    )
    choices = "".join(
        f'<p><label><input type="radio" name="oa_id" value="{oa.oa_id}" required> {html.escape(oa.name)}</label></p>'
        for oa in state.oas.values()
        if oa.app_id == app.app_id
    )
    return PAGE.format(app=app.app_id, hidden=hidden, choices=choices).encode()
