"""A hatch beside the front door: plain deliveries to the webhooks are answered before Flask has to be asked.

Flask's request, routing, hooks and response cost more than taking a message: 0.23 ms of CPU a call on the real server
with 64 threads, where the hatch costs 0.04, verifying the signature included. So the hatch takes what is plain – a POST
to the very path, with a length within the limit – and calls what the view would call. All else is left to Flask: other
methods and paths, bodies in chunks, odd or huge lengths, and whatever breaks.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import structlog
from werkzeug.http import HTTP_STATUS_CODES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 1024 * 1024
LENGTH = re.compile(r"[0-9]{1,7}", re.ASCII)

Take = Callable[[bytes, Mapping[str, Any]], tuple[int, str]]
"""From a body and its WSGI environment to the status and the words of the answer."""

log = structlog.get_logger(__name__)


class Hatch:
    """Stands where `Flask.wsgi_app` stood. takes: by path. first: done before each, as Flask's own before a request."""

    def __init__(self, behind: "WSGIApplication", takes: Mapping[str, Take], first: Callable[[], None]) -> None:
        self._behind = behind
        self._takes = takes
        self._first = first

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        take = self._takes.get(environ.get("PATH_INFO", ""))
        size = _size(environ)
        if take is None or size is None or environ["REQUEST_METHOD"] != "POST":
            return self._behind(environ, start_response)
        try:
            raw = environ["wsgi.input"].read(size)
        except (OSError, ValueError):  # Flask will meet the same
            return self._behind(environ, start_response)
        answer = self._answer(take, raw, environ) if len(raw) == size else None
        if answer is None:
            environ["wsgi.input"] = BytesIO(raw)
            return self._behind(environ, start_response)
        status, words = answer
        body = words.encode()
        start_response(
            f"{status} {HTTP_STATUS_CODES[status].upper()}",
            [
                ("X-Content-Type-Options", "nosniff"),
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
            ],
        )
        return [body]

    def _answer(self, take: Take, raw: bytes, environ: "WSGIEnvironment") -> tuple[int, str] | None:
        """None where it broke: then Flask tries again, which is harmless, and answers as it does when a view breaks."""
        try:
            self._first()
            return take(raw, environ)
        except Exception:
            log.exception("hatch_failed", path=environ["PATH_INFO"])
            return None


def _size(environ: "WSGIEnvironment") -> int | None:
    """The length of the body, where it is given plainly and within the limit."""
    given = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ or not LENGTH.fullmatch(given):
        return None
    size = int(given)
    return size if size <= MAX_BODY else None
