"""The page behind a stamp: `/t/<code>`, as HTML and as JSON, its passport for machines, and the check of its PIN."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from bot.i18n import LANGUAGES
from catalog import trace
from handlers.pages import telling
from handlers.pages.address import address_of
from handlers.pages.map.provinces import province_named
from handlers.pages.maps import map_url
from handlers.pages.previews import is_preview
from handlers.pages.record import missing, passport_record, record
from handlers.pages.showing import Showing, language
from handlers.pages.stamp import LONGEST, code_of
from handlers.pages.views import Coop, Gate, Passport, Reader

QUIET_FROM = 5
"""Misses within the hour from which a code is not even repeated: all such answers are the same, and tell nothing."""
SHUT_FROM = 20
"""Misses within the hour from which none is answered."""
AN_HOUR = 3600  # seconds
LONGEST_FORM = 1_000  # bytes
LONGEST_PIN = 20  # characters, as typed


def add_stamps(site: Blueprint, stamps: "Stamps") -> None:
    """The pages of stamps under `site`."""

    @site.get("/t/<path:code>")
    def stamp(code: str) -> Response:
        as_json = _wants_json()
        response = stamps.look_up(code, stamps.counted_record if as_json else stamps.counted_page, as_json=as_json)
        response.vary.add("Accept")
        return response

    @site.get("/t/<code>/passport.json")
    def passport_json(code: str) -> Response:
        return stamps.look_up(code, stamps.whole_record, as_json=True)

    @site.post("/t/<code>/pin")
    def pin(code: str) -> Response:
        request.max_content_length = LONGEST_FORM
        typed = request.form.get("pin", "")[:LONGEST_PIN]
        return stamps.look_up(code, lambda passport: stamps.check_pin(passport, typed))

    @site.get("/t/<code>/pin")
    def pin_again(code: str) -> Response:
        """Who reloads the answer, or asks for it in another language, comes back to the page."""
        return _led_to(code)

    @site.get("/t")
    @site.get("/t/")
    def look_up() -> Response:
        """Where the form without JavaScript sends a typed code. The page it leads to asks at the gate."""
        typed = request.args.get("code", "").strip()[:LONGEST]
        return _led_to(typed) if typed else stamps.unknown(None)


BLANK = secrets.token_hex(6)
"""Twelve characters that nobody can know: where they stand in a page, the code comes in."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """What the pages of stamps are made with. public_url: without a slash behind; empty if nobody knows it."""

    show: Showing
    reader: Reader
    gate: Gate | None
    public_url: str

    def look_up(self, code: str, found: Callable[[Passport], Response], *, as_json: bool = False) -> Response:
        """`found`'s answer for a code that is in the book. The gate is asked before anything is read."""
        address = _address()
        wait = 0 if self.gate is None else self.gate.ask(address)
        if wait:
            return self._too_many(wait, as_json)
        digits = code_of(code)
        passport = self.reader.passport(digits, language()) if digits and trace.check(digits) else None
        if passport is not None:
            return found(passport)
        misses = 0 if self.gate is None else self.gate.miss(address)
        if misses >= SHUT_FROM:
            return self._too_many(AN_HOUR, as_json)
        if as_json:
            return _answer({"state": "unknown"}, 404)
        return self.unknown(digits if misses < QUIET_FROM else None)

    def counted_page(self, passport: Passport) -> Response:
        self._count(passport)
        return self._page(passport)

    def counted_record(self, passport: Passport) -> Response:
        self._count(passport)
        return _answer(record(passport))

    def whole_record(self, passport: Passport) -> Response:
        lang = language()
        complaints = self._complaints(passport, self.reader.coop(lang), lang)
        return _answer(passport_record(passport, complaints, self._url(passport)))

    def check_pin(self, passport: Passport, typed: str) -> Response:
        """A stamp that stands for no lot has no PIN to check: the right one would prove nothing."""
        answer = self.reader.check_pin(passport.stamp.code, typed) if telling.has_facts(passport) else "none"
        return self._page(passport, telling.pin_told(answer, passport), again=answer == "wrong")

    def unknown(self, digits: str | None) -> Response:
        """digits: the code that is in nobody's book, to be read back."""
        return self.show.page("unknown.html", 404, coop=self.reader.coop(language()), digits=digits)

    def _page(self, passport: Passport, pin: telling.Told | None = None, *, again: bool = True) -> Response:
        """pin: what became of the PIN that was typed. again: it may be typed now."""
        lang = language()
        coop = self.reader.coop(lang)
        if pin is not None:
            return self.show.answer(self.html(passport, coop, lang, pin, again=again))
        blank = _with_code(passport, passport.stamp.code, BLANK)
        html = _html_of(self, blank, coop, lang)
        code = passport.stamp.code
        return self.show.answer(html.replace(BLANK, code).replace(trace.grouped(BLANK), trace.grouped(code)))

    def html(
        self, passport: Passport, coop: Coop, lang: str, pin: telling.Told | None = None, *, again: bool = True
    ) -> str:
        url = self._url(passport)
        complaints = self._complaints(passport, coop, lang)
        today = province_named(passport.place.province)
        image = passport.stamp.goods.image
        return self.show.html(
            "stamp.html",
            lang,
            coop,
            passport=passport,
            stamp=passport.stamp,
            tell=telling,
            verdict=telling.verdict(passport),
            pin=pin,
            pin_form=passport.asks_pin and again and telling.has_facts(passport),
            complaints=complaints,
            missing=frozenset(missing(passport, complaints)),
            map=map_url(today, passport.place.point) if today else "",
            image=image if image.startswith("/") else "",
            public_url=self.public_url,
            url=url,
            url_here=url if lang == LANGUAGES[0] else f"{url}?lang={lang}",
        )

    def _complaints(self, passport: Passport, coop: Coop, lang: str) -> str:
        """How to complain to the seller of what bears this stamp; empty if nobody knows."""
        if passport.stamp.here:
            return coop.complaints
        theirs = telling.complaints(passport.seller)
        return "" if theirs is None else self.show.told(theirs, lang)

    def _url(self, passport: Passport) -> str:
        return f"{self.public_url}{url_for('pages.stamp', code=passport.stamp.code)}"

    def _count(self, passport: Passport) -> None:
        if request.method != "HEAD" and not is_preview(request.headers.get("User-Agent", "")):
            self.reader.looked(passport, _address())

    def _too_many(self, wait: int, as_json: bool) -> Response:
        """wait: seconds."""
        if as_json:
            response = _answer({"error": "too many look-ups", "retry_after": wait}, 429)
        else:
            response = self.show.page("too_many.html", 429, coop=None, waiting=telling.too_many(wait))
        response.headers["Retry-After"] = str(wait)
        return response


@lru_cache(maxsize=256)
def _html_of(stamps: Stamps, blank: Passport, coop: Coop, lang: str) -> str:
    """The page of every stamp of which the same is to be said, drawn once: of a lot all packages, as long as nothing of
    what is shown has changed."""
    return stamps.html(blank, coop, lang)


def _with_code(passport: Passport, code: str, other: str) -> Passport:
    doors = replace(passport.doors, messenger=passport.doors.messenger.replace(code, other))
    return replace(passport, stamp=replace(passport.stamp, code=other), doors=doors)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _led_to(typed: str) -> Response:
    response = Response(status=303)
    response.location = url_for("pages.stamp", code=code_of(typed) or typed, lang=request.args.get("lang"))
    return response


def _address() -> str:
    return address_of(request.remote_addr, request.headers.get("X-Forwarded-For"))


def _wants_json() -> bool:
    accepts = request.accept_mimetypes
    return accepts["application/json"] > accepts["text/html"]
