"""The pictures of goods: for the pages, for platforms that fetch them, and for couriers that upload them.

`Product.image` says which one, as the path that it is served under: `/pictures/cam-sanh.png`.
"""

import re
from pathlib import Path

from flask import Blueprint, Response, abort, request

import catalog.seed

FOLDER = Path(catalog.seed.__file__).with_name("pictures")
FALLBACK = "/pictures/cho-phien.png"
"""For goods without a picture of their own."""
KEPT_SECONDS = 30 * 24 * 3600

_PATH = re.compile(r"/pictures/([a-z0-9]+(?:-[a-z0-9]+)*\.png)")


def picture(path: str) -> bytes | None:
    """The PNG under this path, 640 by 335 (1.91 to 1, as cards want it) and under 40 KB; None if there is none."""
    named = _PATH.fullmatch(path)
    file = FOLDER / named[1] if named else None
    return file.read_bytes() if file is not None and file.is_file() else None


def pictures() -> Blueprint:
    """`GET /pictures/<name>.png`."""
    site = Blueprint("pictures", __name__)

    @site.get("/pictures/<name>.png")
    def show(name: str) -> Response:
        content = picture(f"/pictures/{name}.png")
        if content is None:
            abort(404)
        response = Response(content, mimetype="image/png")
        response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.add_etag()
        response.make_conditional(request)
        return response

    return site
