"""Pictures, voices and files: fetched from an address or uploaded, kept under an id for 90 days.

Source: "send-messages/saving-assets".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from tests.simulators.graph_fields import Refused
from tests.simulators.graph_wire import ask

MEGABYTE = 1024 * 1024
MOST = {"image": 8 * MEGABYTE}
MOST_OF_OTHERS = 25 * MEGABYTE
KEPT = timedelta(days=90)
FETCH_SECONDS = 10.0  # of a video 75
HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Upload:
    """content_type: as the part says, "image/png"."""

    name: str
    content_type: str
    content: bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Saved:
    """url: where it came from; empty if it was uploaded."""

    page_id: str
    kind: str
    at: datetime
    url: str = ""
    upload: Upload | None = None

    def check(self, page_id: str, kind: str, now: datetime) -> None:
        """Raises Refused: another page's, too old, or of another kind."""
        if self.page_id != page_id or now - self.at > KEPT:
            raise Refused(100, "(#100) Upload attachment failure: invalid attachment id", 2018074)
        if self.kind != kind:
            raise Refused(100, "(#100) Attachment is of another type", 2018047)


def check_upload(kind: str, upload: Upload) -> None:
    """Raises Refused where the size or the type is wrong."""
    if len(upload.content) > MOST.get(kind, MOST_OF_OTHERS):
        raise Refused(100, "(#100) Attachment size exceeds the limit", 2018109)
    right = bool(upload.name and upload.content_type) if kind == "file" else upload.content_type.startswith(f"{kind}/")
    if not right:
        raise Refused(100, f"(#100) Attachment is not of type {kind}", 2018047)


Fetch = Callable[[str, str], None]
"""Looks at an address for a kind; raises Refused where nothing fit is found."""


def taken_at_its_word(kind: str, url: str) -> None:
    """The lenient way: nobody looks."""


def fetched(kind: str, url: str) -> None:
    """Get it, from this machine only: any other host counts as unreachable, so that no test leaves the house."""
    target = urlsplit(url)
    failed = Refused(100, "(#100) Failed to fetch the file from the url", 2018008)
    if target.scheme != "http" or target.hostname not in HERE:
        raise failed
    try:
        reply = ask("GET", url, seconds=FETCH_SECONDS)
    except OSError:
        raise failed from None
    if reply.status != 200 or not reply.body:
        raise failed
    check_upload(kind, Upload("", reply.content_type, reply.body))
