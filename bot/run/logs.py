"""The log: one line an event on stderr, JSON unless a person is watching, and nothing in it that names anybody."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from bot.run.settings import Settings

SECRET_NAME = re.compile(r"token|secret|password|authorization|cookie|signature|phone|address|words", re.IGNORECASE)
SECRETS = (
    (re.compile(r"(?<!\d)(?:\+?84|0)(?:[ .-]?\d){9}(?!\d)"), "[phone]"),
    (re.compile(r"(?<!\d)\d{4}[ .-]?\d{4}[ .-]?\d{4}(?!\d)"), "[12 digits]"),  # a code, or an identity card
    (re.compile(r"((?:token|secret|proof|password)[\"']?[=:]\s*[\"']?)[^&\s\"']+", re.IGNORECASE), r"\1[secret]"),
    (re.compile(r"(://[^/@\s:]*:)[^@\s/]+@"), r"\1[secret]@"),
    (re.compile(r"\bEAA[A-Za-z0-9]{16,}"), "[token]"),  # a Graph access token
)


def set_up_logs(settings: Settings) -> None:
    """Send everything that is logged to stderr: ours from LOG_LEVEL on, the libraries' from warnings on."""
    watched = sys.stderr.isatty()
    last: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if watched
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        mask,
        structlog.processors.TimeStamper("iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "handlers", "catalog"):
        logging.getLogger(name).setLevel(settings.log_level.upper())


def mask(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blanks fields that are named like a secret, and what looks like one inside any text."""
    for name, value in entry.items():
        if SECRET_NAME.search(name):
            entry[name] = "[hidden]"
        elif isinstance(value, str):
            entry[name] = masked(value)
        elif not isinstance(value, int | float | None) and not name.startswith("_"):
            entry[name] = masked(repr(value))
    return entry


def masked(text: str) -> str:
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text
