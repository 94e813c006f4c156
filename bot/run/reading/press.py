"""What has to be known before stamps are printed in a conversation."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.ports import LotView
from bot.run.press import address_of, is_sample
from catalog.acts.standing import manages
from catalog.quota import left
from catalog.sheet import PrintRight, covering

GEOMETRY = "65"
"""What is printed from a chat: labels that every stationer has."""


class PressReading:
    """`bot.ports.Press`. public_url: what stands in front of a stamp's address."""

    def __init__(self, db: Session, person_id: int | None, *, today: date, public_url: str) -> None:
        self._db = db
        self._person_id = person_id
        self._today = today
        self._public_url = public_url

    def may(self, lot: LotView, count: int) -> bool:
        if self._person_id is None:
            return False
        seller_id = lot.goods.seller_id
        if manages(self._db, self._person_id, seller_id):
            return True
        covers = covering(
            self._person_id, seller_id, product_id=lot.goods.id, lot_id=lot.id, count=count, today=self._today
        )
        return self._db.scalar(select(PrintRight.id).where(*covers).limit(1)) is not None

    def left(self, lot: LotView) -> int:
        return left(self._db, lot.goods.seller_id)

    def fits(self, lot: LotView) -> bool:
        from handlers.papers.geometry import geometry_of
        from handlers.papers.label import DoesNotFit, Stamp, lay_out

        try:
            lay_out(
                Stamp(address_of(self._public_url, "0" * 12), "0" * 12, lot.goods.name, "", "", "", ""),
                geometry_of(GEOMETRY),
                sample=is_sample(self._public_url),
            )
        except DoesNotFit:
            return False
        return True

    def path(self, sheet_id: int) -> str:
        return f"/sheets/{sheet_id}"

    def link(self, token: str) -> str:
        return f"{self._public_url}/sheets/{token}"
