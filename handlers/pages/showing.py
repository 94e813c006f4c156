"""How a page becomes HTML: its language, its words, and what every template may use."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Response, render_template, request, url_for

from bot.effect import Say
from bot.i18n import LANGUAGES, Voice, day, money
from catalog.trace import grouped
from handlers.pages.views import Coop, Translate

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


def drawing(emoji: str) -> str:
    """The name of our own picture of an emoji, for devices that have none: its code point, `1f34a`."""
    return f"{ord(emoji[0]):x}" if emoji else ""


def version_of(folder: Path) -> str:
    """Changes when any asset does, so that browsers may keep them for a year."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def language() -> str:
    """That of this request: `?lang=en`, otherwise Vietnamese."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


@dataclass(frozen=True, slots=True)
class Showing:
    """What all pages of a house are made with."""

    translate: Translate
    version: str = field(default_factory=lambda: version_of(HERE / "static"))
    drawn: tuple[str, ...] = field(
        default_factory=lambda: tuple(sorted(path.stem for path in (HERE / "static" / "drawn").iterdir()))
    )

    def page(self, template: str, status: int = 200, *, coop: Coop | None, **values: Any) -> Response:
        """coop: whose page it is; None for one that must cost nothing."""
        return self.answer(self.html(template, language(), coop, **values), status)

    def html(self, template: str, lang: str, coop: Coop | None, **values: Any) -> str:
        return render_template(
            template,
            _=lambda msgid, **params: self.translate(msgid, lang, **params),
            told=lambda said: self.told(said, lang),
            lang=lang,
            lang_args={} if lang == LANGUAGES[0] else {"lang": lang},
            asset=lambda name: url_for("pages.static", filename=name, v=self.version),
            money=lambda vnd: money(vnd, lang),
            day=lambda on: day(on, "full", Voice(lang, "", "")),
            grouped=grouped,
            drawn=self.drawn,
            drawing=drawing,
            coop=coop,
            **values,
        )

    def answer(self, html: str, status: int = 200) -> Response:
        response = Response(html, status, mimetype="text/html")
        response.headers["Cache-Control"] = "no-store"
        return response

    def told(self, said: Say, lang: str) -> str:
        """A sentence that was chosen outside of a template."""
        return self.translate(said.msgid, lang, **said.params)
