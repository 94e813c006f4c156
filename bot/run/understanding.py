"""`chophien understand`: what the bot makes of messages, a JSON object a line.

It reads the catalogue and writes nothing.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, select

from bot.run.reading.shelf import IndexCache
from bot.run.settings import Settings
from bot.run.shell import opened
from bot.understand import intent
from bot.understand.clauses import Find
from catalog.product import Product

_ROLES: dict[str, intent.Role] = {"consumer": "customer", "customer": "customer", "producer": "producer"}


def find_of(settings: Settings) -> Find | None:
    """The search over all goods of the database; None where there is no database yet."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return None
    with opened(settings) as database, database.reading() as db:
        try:
            sellers = list(db.scalars(select(Product.organisation_id).distinct().order_by(Product.organisation_id)))
            return IndexCache().index(db, sellers).search
        except Exception as error:
            if "no such table" in str(error) or "does not exist" in str(error):
                return None
            raise


def understand(lines: Iterable[str], find: Find | None, role: str, warn: Callable[[str], object]) -> Iterator[str]:
    """An answer a line, in order, as JSON; what is no question gets intent `unknown` with an `error`, and a warning.

    role: of lines that say none.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked = _asked(line, role)
        except ValueError as error:
            warn(f"line {number}: {error}")
            answer: dict[str, Any] = {
                "id": None,
                "intent": "unknown",
                "slots": {},
                "confidence": 0.0,
                "error": str(error),
            }
        else:
            found = intent.read_alone(asked["text"], _ROLES[asked["role"]], find)
            answer = {
                "id": asked.get("id"),
                "intent": found.name,
                "slots": found.slots,
                "confidence": round(found.confidence, 3),
            }
        written = json.dumps(answer, ensure_ascii=False)
        yield written if written.isprintable() else json.dumps(answer)  # an id may hold anything


def _asked(line: str, role: str) -> dict[str, Any]:
    """A question with `text` and `role`; ValueError says what is wrong with it."""
    try:
        asked = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(asked, dict) or not isinstance(asked.get("text"), str):
        raise ValueError(  # noqa: TRY004, since it is the input that is wrong
            'needs an object with "text", for example {"id": 1, "role": "consumer", "text": "2kg cam"}'
        )
    asked = {"role": role} | asked
    if asked["role"] not in _ROLES:
        raise ValueError('"role" is "consumer" or "producer"')
    return asked
