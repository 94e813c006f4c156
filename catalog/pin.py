"""The six digits under a scratch field: one success, and a lock after five wrong tries. For dear goods."""

import hmac
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.db import vault_of
from catalog.stamp import TraceCode

TRIES = 5

Answer = Literal["right", "again", "wrong", "locked", "none"]
"""right: for the first time. again: it was right before. locked: too many wrong ones. none: there is no such PIN."""


def check_pin(db: Session, code: str, pin: str, at: datetime) -> Answer:
    """To be called in a transaction that writes. A void stamp has no PIN any more. Raises `Unsealable`."""
    living = (TraceCode.code == code, TraceCode.pin.is_not(None), TraceCode.voided_at.is_(None))
    stamp = db.scalar(select(TraceCode).where(*living).with_for_update(), execution_options={"populate_existing": True})
    if stamp is None or stamp.pin is None:
        return "none"
    if stamp.pin_tries >= TRIES:
        return "locked"
    digits = "".join(char for char in pin[:20] if char.isascii() and char.isdigit())
    if not hmac.compare_digest(digits.encode(), vault_of(db).open(stamp.pin)):
        stamp.pin_tries += 1
        return "locked" if stamp.pin_tries >= TRIES else "wrong"
    if stamp.pin_right_at is not None:
        return "again"
    stamp.pin_right_at = at
    return "right"
