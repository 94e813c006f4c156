"""What we keep about people, in plain words, and what became of a request to delete it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

from flask import Blueprint, Response, render_template, request, url_for

from bot.i18n import LANGUAGES, Voice, day
from handlers.pages.routes import GUARDS
from handlers.pages.views import Coop, Translate

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to delete what we keep, as its page tells it. Days are those of the co-op.

    state: "received" and not begun; "by hand": a person of the co-op sees to it; "done"; "nobody": there was nothing
    to delete. done_on: only of the last two.
    """

    state: Literal["received", "by hand", "done", "nobody"]
    asked_on: date
    done_on: date | None = None


class Reader(Protocol):
    """What both pages read."""

    def coop(self, language: str) -> Coop: ...

    def asked(self, code: str) -> Asked | None:
        """`code`: as anybody typed it, at most 40 characters. None if nobody ever got it."""
        ...


def privacy(reader: Reader, translate: Translate) -> Blueprint:
    """`/privacy` and `/privacy/erasure/<code>`, as pages among those of `handlers.pages.routes`."""
    site = Blueprint("privacy", __name__, template_folder=str(HERE / "templates"))

    def page(template: str, status: int = 200, **values: Any) -> Response:
        wanted = request.args.get("lang", "")
        lang = wanted if wanted in LANGUAGES else LANGUAGES[0]
        html = render_template(
            template,
            _=lambda msgid, **params: translate(msgid, lang, **params),
            lang=lang,
            lang_args={} if lang == LANGUAGES[0] else {"lang": lang},
            asset=lambda name: url_for("pages.static", filename=name),
            day=lambda on: day(on, "full", Voice(lang, "", "")),
            coop=reader.coop(lang),
            **values,
        )
        return Response(html, status, mimetype="text/html")

    @site.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(GUARDS)
        response.headers["Cache-Control"] = "no-store"
        return response

    @site.get("/privacy")
    def kept() -> Response:
        return page("privacy.html")

    @site.get("/privacy/erasure/<code>")
    def erasure(code: str) -> Response:
        asked = reader.asked(code[:40])
        return page("erasure.html", 200 if asked else 404, asked=asked, code=code.strip().upper())

    return site
