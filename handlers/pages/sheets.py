"""The link that gives a sheet of stamps once: `/sheets/<token>`.

A look at it uses nothing up: platforms fetch every link that is sent, to draw a preview. The button does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from flask import Blueprint, Response, render_template, request, url_for

from bot.i18n import LANGUAGES
from handlers.pages.routes import GUARDS
from handlers.pages.views import Coop, Translate

HERE = Path(__file__).parent
LONGEST = 64  # characters of a token


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sheet that waits behind a link. name: of the file. lot: its number, or empty."""

    name: str
    product: str
    lot: str
    count: int


class Sheets(Protocol):
    def coop(self, language: str) -> Coop: ...

    def sheet(self, token: str) -> Waiting | None:
        """None for a link that was used, is too old, or never was."""
        ...

    def take_sheet(self, token: str) -> bytes | None:
        """The PDF, for the first who asks."""
        ...


def sheets(reader: Sheets, translate: Translate, asset: Callable[[str], str] | None = None) -> Blueprint:
    """`GET` shows what waits, `POST` hands it out."""
    site = Blueprint("sheets", __name__, template_folder=str(HERE / "templates"))

    def page(status: int, **values: Any) -> Response:
        wanted = request.args.get("lang", "")
        lang = wanted if wanted in LANGUAGES else LANGUAGES[0]
        html = render_template(
            "sheet.html",
            _=lambda msgid, **params: translate(msgid, lang, **params),
            lang=lang,
            lang_args={} if lang == LANGUAGES[0] else {"lang": lang},
            asset=asset or (lambda name: url_for("pages.static", filename=name)),
            coop=reader.coop(lang),
            **values,
        )
        return Response(html, status, mimetype="text/html")

    @site.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(GUARDS)
        response.headers["Referrer-Policy"] = "no-referrer"  # the address is the key
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    @site.get("/sheets/<token>")
    def look(token: str) -> Response:
        waiting = reader.sheet(token[:LONGEST])
        return page(200 if waiting else 410, waiting=waiting)

    @site.post("/sheets/<token>")
    def take(token: str) -> Response:
        waiting = reader.sheet(token[:LONGEST])
        content = reader.take_sheet(token[:LONGEST]) if waiting else None
        if waiting is None or content is None:
            return page(410, waiting=None)
        response = Response(content, mimetype="application/pdf")
        response.headers.set("Content-Disposition", "attachment", filename=waiting.name)
        return response

    return site
