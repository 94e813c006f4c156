"""How a lot is recalled: from that moment nothing of it is sold, and every stamp of it says so."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.audit import record
from catalog.lot import Lot, LotState
from catalog.offer import Offer
from catalog.stock import withdraw


def recall_lot(db: Session, lot: Lot, reason: str, advice: str, *, who: str, at: datetime) -> bool:
    """Its offers are taken off sale in the same transaction. False, and nothing changed, if it was recalled before."""
    if lot.state == LotState.RECALLED:
        return False
    lot.state, lot.recalled_at = LotState.RECALLED, at
    lot.recall_reason, lot.recall_advice = reason, advice
    of_the_lot = select(Offer).where(Offer.lot_id == lot.id, Offer.withdrawn_at.is_(None)).order_by(Offer.id)
    for offer in db.scalars(of_the_lot.with_for_update()).all():
        withdraw(db, offer, f"lot:{lot.id}", at)
    record(db, who, "recall", f"lot:{lot.id}", at)
    db.flush()
    return True
