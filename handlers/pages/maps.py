"""The map of a province: `/map/phu-tho.svg`, with a mark where `?at=20.9,105.3` says."""

import re

from flask import Blueprint, Response, abort, request, url_for

from handlers.pages.map.drawing import draw, of_slug, slug_of

KEPT_SECONDS = 30 * 24 * 3600
SECURITY = "default-src 'none'"

_AT = re.compile(r"(\d{1,2}(?:\.\d{1,9})?),(\d{1,3}(?:\.\d{1,9})?)", re.ASCII)


def add_maps(site: Blueprint) -> None:
    """`pages.province` under `site`."""

    @site.get("/map/<slug>.svg")
    def province(slug: str) -> Response:
        name, at = of_slug(slug), request.args.get("at", "")
        point = _AT.fullmatch(at)
        if name is None or (at and not point):
            abort(404)
        response = Response(draw(name, (float(point[1]), float(point[2])) if point else None), mimetype="image/svg+xml")
        response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
        response.headers["Content-Security-Policy"] = SECURITY
        response.add_etag()
        response.make_conditional(request)
        return response


def map_url(province: str, point: tuple[float, float] | None) -> str:
    """Of a province of today; the point as coarse as the map itself."""
    at = f"{point[0]:.1f},{point[1]:.1f}" if point else None
    return url_for("pages.province", slug=slug_of(province), at=at)
