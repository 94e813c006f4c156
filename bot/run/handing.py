"""Sheets of stamps behind links that work once: what `/sheets/<token>` reads and hands out."""

import io
from dataclasses import dataclass

from bot.run.home import Home
from bot.run.press import write_sheet
from bot.run.roof import utc_now
from bot.understand.text import fold
from catalog.lot import Lot
from catalog.product import Product
from catalog.sheet import StampSheet, sheet_behind, use_link
from handlers.pages.sheets import Waiting
from handlers.pages.views import Coop


@dataclass(frozen=True, slots=True)
class Handing:
    """`handlers.pages.sheets.Sheets`."""

    home: Home

    def coop(self, language: str) -> Coop:
        return self.home.coop(language)

    def sheet(self, token: str) -> Waiting | None:
        with self.home.database.reading() as db:
            sheet = sheet_behind(db, token, utc_now())
            if sheet is None or sheet.spoilt_at is not None:
                return None
            product = db.get_one(Product, sheet.product_id)
            lot = None if sheet.lot_id is None else db.get_one(Lot, sheet.lot_id)
            return Waiting(file_name(product, sheet), product.name_vi, lot.number if lot else "", sheet.count)

    def take_sheet(self, token: str) -> bytes | None:
        """Drawn first: whatever goes wrong on the way, the link still works."""
        database = self.home.database
        with database.reading() as db:
            waiting = sheet_behind(db, token, utc_now())
        if waiting is None:
            return None
        file = io.BytesIO()
        write_sheet(database, waiting.id, self.home.settings.public_url, file)
        with database.writing() as db:
            if use_link(db, token, utc_now()) is None:
                return None
        return file.getvalue()


def file_name(product: Product, sheet: StampSheet) -> str:
    """tem-cam-100.pdf: plain letters, which every phone can keep."""
    return f"tem-{'-'.join(fold(product.short_vi)[:30].split()) or 'htx'}-{sheet.count}.pdf"
