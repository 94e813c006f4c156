"""The public pages: the co-op with its chat, and the page behind a stamp."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from bot.i18n import LANGUAGES, Voice, day, money
from handlers.pages.stamp import code_of, grouped, record
from handlers.pages.views import Reader, Translate

HERE = Path(__file__).parent
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GUARDS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def pages(reader: Reader, translate: Translate) -> Blueprint:
    """`/`, `/t/<code>`, and their assets. `?lang=en` chooses a language, otherwise it is Vietnamese."""
    site = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    version = _version(HERE / "static")
    drawn = sorted(path.stem for path in (HERE / "static" / "drawn").iterdir())

    def language() -> str:
        asked = request.args.get("lang", "")
        return asked if asked in LANGUAGES else LANGUAGES[0]

    def page(template: str, status: int = 200, **values: Any) -> Response:
        lang = language()
        html = render_template(
            template,
            _=lambda msgid, **params: translate(msgid, lang, **params),
            lang=lang,
            lang_args={} if lang == LANGUAGES[0] else {"lang": lang},
            asset=lambda name: url_for("pages.static", filename=name, v=version),
            money=lambda vnd: money(vnd, lang),
            day=lambda on: day(on, "full", Voice(lang, "", "")),
            grouped=grouped,
            drawn=drawn,
            drawing=drawing,
            coop=reader.coop(lang),
            **values,
        )
        response = Response(html, status, mimetype="text/html")
        response.headers["Cache-Control"] = "no-store"
        return response

    @site.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(GUARDS)
        if request.endpoint == "pages.static" and request.args.get("v") == version:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    @site.get("/")
    def home() -> Response:
        return page("home.html", goods=reader.goods(language()))

    @site.get("/t/<path:code>")
    def stamp(code: str) -> Response:
        digits = code_of(code)
        found = reader.stamp(digits, language()) if digits else None
        if _wants_json():
            response = jsonify(record(found) if found else {"state": "unknown"})
            response.status_code = 200 if found else 404
            response.headers["Cache-Control"] = "no-store"
        elif found:
            response = page("stamp.html", stamp=found)
        else:
            response = page("unknown.html", 404, digits=digits)
        response.vary.add("Accept")
        return response

    @site.get("/t")
    @site.get("/t/")
    def look_up() -> Response:
        """Where the form without JavaScript sends a typed code."""
        typed = request.args.get("code", "").strip()[:40]
        if not typed:
            return page("unknown.html", 404, digits=None)
        response = Response(status=303)
        response.location = url_for("pages.stamp", code=code_of(typed) or typed, lang=request.args.get("lang"))
        return response

    return site


def drawing(emoji: str) -> str:
    """The name of our own picture of an emoji, for devices that have none: its code point, `1f34a`."""
    return f"{ord(emoji[0]):x}" if emoji else ""


def _wants_json() -> bool:
    accepts = request.accept_mimetypes
    return accepts["application/json"] > accepts["text/html"]


def _version(folder: Path) -> str:
    """Changes when any asset does, so that browsers may keep them for a year."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
