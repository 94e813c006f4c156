"""The public pages: the co-op with its chat, and the pages behind its stamps."""

from flask import Blueprint, Response, request

from handlers.pages.maps import add_maps
from handlers.pages.passport import Stamps, add_stamps
from handlers.pages.showing import GUARDS, HERE, Showing, language
from handlers.pages.views import Gate, Reader, Translate

__all__ = ["GUARDS", "HERE", "pages"]


def pages(reader: Reader, translate: Translate, *, gate: Gate | None = None, public_url: str = "") -> Blueprint:
    """`/`, `/t/<code>`, the maps, and their assets. `?lang=en` chooses a language, otherwise it is Vietnamese.

    gate: how often codes may be looked up; everybody as often as they like without one. public_url:
    `https://suoimay.vn`, for the cards that other places draw of a stamp's page; they are left out without it.
    """
    site = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    show = Showing(translate)

    @site.after_request
    def guarded(response: Response) -> Response:
        for name, value in GUARDS.items():
            response.headers.setdefault(name, value)
        if request.endpoint == "pages.static" and request.args.get("v") == show.version:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    @site.get("/")
    def home() -> Response:
        return show.page("home.html", coop=reader.coop(language()), goods=reader.goods(language()))

    add_stamps(site, Stamps(show, reader, gate, public_url.rstrip("/")))
    add_maps(site)
    return site
