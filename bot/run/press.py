"""From a sheet in the books to the PDF on a desk."""

import io
import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from bot.i18n import Voice, day, sentence
from bot.run.trouble import Trouble
from catalog.db import Database, vault_of
from catalog.lot import Lot
from catalog.organisation import Organisation
from catalog.product import Product
from catalog.sheet import StampSheet, codes_of

if TYPE_CHECKING:
    from handlers.papers.label import Stamp

LANGUAGE = "vi"
"""Of what is printed."""
_PATH = re.compile(r"/sheets/([0-9]{1,18})")


def is_sample(public_url: str) -> bool:
    """Whether it is not https, or leads to this machine or its own network: then every stamp says MẪU."""
    parts = urlsplit(public_url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or not host or host == socket.gethostname().lower():
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".localdomain"))


def address_of(public_url: str, code: str) -> str:
    """What the QR code holds."""
    return f"{public_url}/t/{code}"


def stamps_of(db: Session, sheet: StampSheet, public_url: str) -> "Iterator[Stamp]":
    """The labels of a sheet in their order, without those that are void."""
    from handlers.papers.label import Stamp

    product = db.get_one(Product, sheet.product_id)
    coop = db.get_one(Organisation, sheet.organisation_id)
    lot = None if sheet.lot_id is None else db.get_one(Lot, sheet.lot_id)
    told = labelled(product, lot, coop)
    vault = vault_of(db)
    for printed in codes_of(db, sheet):
        if printed.voided_at is not None:
            continue
        pin = "" if printed.pin is None else vault.open(printed.pin).decode()
        label = Stamp(address_of(public_url, printed.code), printed.code, *told, pin=pin)
        for _ in range(sheet.count if sheet.kind == "lot" else 1):
            yield label


def labelled(product: Product, lot: Lot | None, coop: Organisation) -> tuple[str, str, str, str, str]:
    """What is said on a label: product, best before, lot, co-op, and to whom the code may be written."""
    until = None if lot is None else lot.best_before
    on = "" if until is None else day(until, "full", Voice(LANGUAGE, "", ""))
    best_before = ""
    if until is not None:
        best_before = (
            sentence("Good until %(on)s", LANGUAGE, on=on)
            if product.fresh
            else sentence("Exp. %(on)s", LANGUAGE, on=on)
        )
    return (
        product.name_vi,
        best_before,
        "" if lot is None else sentence("Lot %(number)s", LANGUAGE, number=lot.number),
        coop.short_name,
        sentence("Send this code to %(coop)s", LANGUAGE, coop=coop.short_name),
    )


def check_fit(
    product: Product, lot: Lot | None, coop: Organisation, public_url: str, sheet: str, *, damp: bool, pins: bool
) -> None:
    """Before anything is drawn. Raises Trouble with the reason why it cannot be printed."""
    from handlers.papers.geometry import GeometryError, geometry_of
    from handlers.papers.label import DoesNotFit, Stamp, lay_out

    nothing = "0" * 12
    label = Stamp(address_of(public_url, nothing), nothing, *labelled(product, lot, coop), pin="000000" if pins else "")
    try:
        lay_out(label, geometry_of(sheet), damp=damp, sample=is_sample(public_url))
    except (GeometryError, DoesNotFit) as misfit:
        raise Trouble(str(misfit)) from misfit


def write_sheet(
    database: Database,
    sheet_id: int,
    public_url: str,
    file: BinaryIO,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Draw a sheet; the same stamps give the same bytes. How many pages.

    Raises LookupError, GeometryError, DoesNotFit.
    """
    from handlers.papers.geometry import geometry_of
    from handlers.papers.sheet import write_pdf

    with database.reading() as db:
        sheet = db.get(StampSheet, sheet_id)
        if sheet is None or sheet.spoilt_at is not None:
            raise LookupError("no such sheet, or it is void")
        pages = write_pdf(
            file,
            stamps_of(db, sheet, public_url),
            geometry_of(sheet.geometry),
            start=sheet.start,
            damp=sheet.damp,
            sample=is_sample(public_url),
            title=sentence("Stamps, sheet %(number)s", LANGUAGE, number=sheet.id),
            progress=progress,
        )
    if not pages:
        raise LookupError("all its stamps are void")
    return pages


class Press:
    """The sheets as bytes, by their address inside the house: `bot.run.couriers.documents.Documents`."""

    def __init__(self, database: Database, public_url: str) -> None:
        self._database = database
        self._public_url = public_url

    def __call__(self, path: str) -> bytes | None:
        named = _PATH.fullmatch(path)
        if named is None:
            return None
        file = io.BytesIO()
        try:
            write_sheet(self._database, int(named[1]), self._public_url, file)
        except LookupError:
            return None
        return file.getvalue()
