"""Documents for platforms: each is for one person, so it is uploaded when it goes. Where it cannot, its link goes."""

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.reply import Paper, Reason, SendError

PDF = "application/pdf"
REFUSED = frozenset(
    {Reason.MEDIA, Reason.SHAPE, Reason.QUOTA, Reason.RIGHTS, Reason.PACKAGE, Reason.UNVERIFIED},
)
"""Why a platform may refuse a file and still take words. Where it takes none, the words are refused for the same."""

log = structlog.get_logger(__name__)

Documents = Callable[[str], bytes | None]
"""The bytes behind a path of our own house; None where they are no more."""


def no_documents(_path: str) -> bytes | None:
    return None


def send_document(
    paper: Paper,
    documents: Documents,
    most: int,
    *,
    upload: Callable[[bytes], str],
    send: Callable[[str], None],
    tell: Callable[[str], None],
) -> None:
    """Send it, or tell where it is to be had; where it is no more, tell that.

    most: bytes that the platform takes. upload: gives the platform's id of these bytes. send: sends by id. tell: sends
    words. Raises SendError for a passing failure, and for whatever `tell` meets.
    """
    content = _bytes(paper, documents)
    if content is None:
        log.warning("document_gone")
        tell(paper.gone)
        return
    if len(content) > most:
        log.info("document_too_large", size=len(content))
        tell(paper.linked)
        return
    try:
        _uploaded(content, upload, send)
    except SendError as error:
        if error.reason not in REFUSED or error.unknown:
            raise
        log.warning("document_refused", reason=error.reason.value, error=str(error)[:80])
        tell(paper.linked)


def _uploaded(content: bytes, upload: Callable[[bytes], str], send: Callable[[str], None]) -> None:
    """Uploaded once more where the platform does not know the id that it gave a moment ago."""
    try:
        send(upload(content))
    except SendError as error:
        if error.reason is not Reason.MEDIA or error.permanent or error.unknown:
            raise
    else:
        return
    send(upload(content))


def _bytes(paper: Paper, documents: Documents) -> bytes | None:
    try:
        return documents(paper.path)
    except SQLAlchemyError as error:
        raise SendError(f"no database: {type(error).__name__}") from error
