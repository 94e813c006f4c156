"""What `chophien stamps` does, in one transaction each."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.run.finding import coop_named, lot_named, person_named, product_named
from bot.run.press import address_of, check_fit, is_sample, labelled
from bot.run.trouble import Trouble
from catalog.acts.passports import lacking
from catalog.acts.printing import By, Short, bind_sheet, is_over, print_sheet
from catalog.acts.stamps import PrintStamps, TooFewStamps
from catalog.acts.voiding import Step, lives_of, take_step, void_sheet
from catalog.audit import record
from catalog.lot import OPEN, Lot
from catalog.organisation import Organisation
from catalog.passport import NEEDED
from catalog.product import Product
from catalog.quota import AccountKind, accounts_of, grant, left
from catalog.scan import ScanLimit
from catalog.sheet import PrintRight, StampSheet, codes_of, rights_of, withdraw_right
from catalog.stamp import TraceCode, life_of
from catalog.trace import grouped

if TYPE_CHECKING:
    from catalog.db import Database

DESK = "desk"
"""Who, in the books: whoever may run the command."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row to be shown: in words, or as JSON."""

    words: str
    fields: dict[str, Any]

    def json(self) -> str:
        return json.dumps(self.fields, ensure_ascii=False)


def draw_sheet(
    database: "Database", public_url: str, number: str, coop: str | None, wanted: PrintStamps, *, now: datetime
) -> tuple[int, int]:
    """Draw stamps for a lot: the sheet's id, and how many are left. Raises Trouble, and then nothing is drawn."""
    with database.writing() as db:
        lot, product, seller = lot_named(db, number, coop)
        _refuse_closed(lot, now.date())
        check_fit(product, lot, seller, public_url, wanted.geometry, damp=wanted.damp, pins=wanted.pins)
        _check_start(wanted)
        return _drawn(db, replace(wanted, lot_id=lot.id), product, now)


def draw_sheet_for_product(
    database: "Database", public_url: str, sku: str, coop: str | None, wanted: PrintStamps, *, now: datetime
) -> tuple[int, int]:
    """As `draw_sheet`, to be bound to a lot later."""
    if wanted.kind == "lot":
        raise Trouble("a lot's stamp needs its lot: add --lot")
    with database.writing() as db:
        seller = coop_named(db, coop)
        product = product_named(db, sku, seller)
        check_fit(product, None, seller, public_url, wanted.geometry, damp=wanted.damp, pins=wanted.pins)
        _check_start(wanted)
        return _drawn(db, wanted, product, now)


def check_again(database: "Database", sheet_id: int, today: date) -> None:
    """Raises Trouble where a sheet must not be printed once more: its lot is recalled, or past its day."""
    with database.reading() as db:
        sheet = _sheet(db, sheet_id)
        lot = None if sheet.lot_id is None else db.get_one(Lot, sheet.lot_id)
        if lot is not None:
            _refuse_closed(lot, today)


def _refuse_closed(lot: Lot, today: date) -> None:
    """Raises Trouble for a lot that no stamps are printed for."""
    if lot.state not in OPEN:
        raise Trouble(f"lot {lot.number} is {lot.state}: no stamps are printed for it")
    if is_over(lot, today):
        raise Trouble(f"lot {lot.number} was best before {lot.best_before}: no stamps are printed for it")


def lacks_of(database: "Database", sheet_id: int, today: date) -> list[str]:
    """What is needed in the passport of a sheet's lot and not there, and which of its dates cannot be."""
    with database.reading() as db:
        sheet = _sheet(db, sheet_id)
        if sheet.lot_id is None:
            return []
        check = lacking(db, db.get_one(Lot, sheet.lot_id), db.get_one(Product, sheet.product_id), today)
        return [*(row for row in check.lacks if row in NEEDED), *check.wrong]


def _check_start(wanted: PrintStamps) -> None:
    from handlers.papers.geometry import geometry_of

    labels = geometry_of(wanted.geometry).per_page
    if wanted.start > labels:
        raise Trouble(f"label {wanted.start} is not on the page; it has labels 1 to {labels}")


def _drawn(db: Session, wanted: PrintStamps, product: Product, now: datetime) -> tuple[int, int]:
    try:
        sheet = print_sheet(db, wanted, By(DESK, None, now), product_id=product.id)
    except Short as short:
        held = short.result.left if isinstance(short.result, TooFewStamps) else 0
        seller = db.get_one(Organisation, product.organisation_id)
        raise Trouble(
            f"{seller.short_name} has {held} stamps left; for more: chophien stamps grant {seller.code} N"
        ) from short
    except ValueError as error:
        raise Trouble(f"that many cannot be printed at once: {error}") from error
    return sheet.id, left(db, product.organisation_id)


def books(db: Session, coop: str | None) -> str:
    """What was granted, drawn, voided and is left."""
    seller = coop_named(db, coop)
    held = dict.fromkeys(AccountKind, 0)
    for account in accounts_of(db, seller.id):
        if account.kind != AccountKind.ISSUER:
            held[AccountKind(account.kind)] += account.balance
    total = sum(held.values())
    return (
        f"{seller.short_name}: {total} granted, {held[AccountKind.COOP]} left, {held[AccountKind.LOT]} on lots, "
        f"{held[AccountKind.LOOSE]} printed without a lot, {held[AccountKind.SPOILT]} void."
    )


def sheets_of(db: Session, coop: str | None, number: str | None) -> Iterator[Line]:
    """The sheets of a co-op, or of one lot, the newest first."""
    wanted = select(StampSheet, Product.sku, Lot.number).join(Product, Product.id == StampSheet.product_id)
    wanted = wanted.outerjoin(Lot, Lot.id == StampSheet.lot_id).order_by(StampSheet.id.desc())
    if number is not None:
        wanted = wanted.where(StampSheet.lot_id == lot_named(db, number, coop)[0].id)
    else:
        wanted = wanted.where(StampSheet.organisation_id == coop_named(db, coop).id)
    rows = db.execute(wanted).all()
    lives = lives_of(db, [sheet.id for sheet, _, _ in rows])
    for sheet, sku, lot in rows:
        fields = {
            "sheet": sheet.id,
            "product": sku,
            "lot": lot,
            "kind": sheet.kind,
            "labels": sheet.count,
            "geometry": sheet.geometry,
            "made_at": sheet.made_at.isoformat(timespec="seconds"),
            "who": sheet.who,
            "void": sheet.spoilt_at is not None,
            "stamps": lives[sheet.id],
        }
        lived = ", ".join(f"{count} {life}" for life, count in lives[sheet.id].items())
        words = f"{sheet.id}  {sheet.made_at:%Y-%m-%d}  {lot or sku}  {sheet.count} {sheet.kind} labels"
        yield Line(f"{words}  {'void' if sheet.spoilt_at else lived}", fields)


def codes_on(db: Session, sheet_id: int) -> Iterator[Line]:
    """Raises Trouble."""
    sheet = _sheet(db, sheet_id)
    for stamp in codes_of(db, sheet):
        life = life_of(stamp)
        yield Line(f"{grouped(stamp.code)}  {life}", {"code": stamp.code, "kind": stamp.kind, "state": life})


def step_each(db: Session, codes: Sequence[str], step: Step, now: datetime) -> Iterator[str]:
    """Codes as anybody types them. Raises Trouble at the first that cannot be; then nothing is done."""
    for code in _in_their_lots(db, _whole(codes)):
        try:
            life = take_step(db, code, step, DESK, now)
        except ValueError as error:
            raise Trouble(f"{grouped(code)}: {error}") from error
        if life is None:
            raise Trouble(f"{grouped(code)} is in nobody's book")
        yield f"{grouped(code)}: {life}"


def _in_their_lots(db: Session, codes: Sequence[str]) -> list[str]:
    """By lot, so that two who void at once lock the same accounts in the same order."""
    lots = dict(db.execute(select(TraceCode.code, TraceCode.lot_id).where(TraceCode.code.in_(codes))).all())
    return sorted(codes, key=lambda code: (lots.get(code) or 0, code))


def void_whole_sheet(db: Session, sheet_id: int, now: datetime) -> int:
    return void_sheet(db, _sheet(db, sheet_id), DESK, now)


def bind(db: Session, sheet_id: int, number: str, coop: str | None, now: datetime) -> str:
    """Raises Trouble."""
    sheet = _sheet(db, sheet_id)
    lot, product, _ = lot_named(db, number, coop)
    try:
        bound = bind_sheet(db, sheet, lot, DESK, now)
    except ValueError:
        raise Trouble(
            f"sheet {sheet_id} is not for {product.name_vi}, or nothing is printed for lot {lot.number} any more"
        ) from None
    if not bound:
        raise Trouble(f"sheet {sheet_id} is bound or void already")
    return f"Sheet {sheet_id} speaks for lot {lot.number} now."


def grant_stamps(db: Session, coop: str, count: int, now: datetime) -> int:
    """Raises Trouble."""
    try:
        return grant(db, coop_named(db, coop), count, who=DESK, at=now)
    except ValueError as error:
        raise Trouble(
            f"{coop}: {error}, that many cannot be taken back" if count else "0 is nothing to grant"
        ) from error


@dataclass(frozen=True, slots=True)
class Allowed:
    """A right to be given. span: first day, None for today, and last day."""

    who: str
    count: int
    span: tuple[date | None, date]
    lot: str | None
    product: str | None


def allow_printing(db: Session, allowed: Allowed, coop: str | None, now: datetime) -> int:
    """The right's number. Raises Trouble."""
    since, until = allowed.span
    if until < (since or now.date()):
        raise Trouble(f"the last day, {until}, is before the first, {since or now.date()}")
    lot, product = None, None
    if allowed.lot:
        lot, product, seller = lot_named(db, allowed.lot, coop)
    else:
        seller = coop_named(db, coop)
    if allowed.product:
        product = product_named(db, allowed.product, seller)
    if lot is not None and product is not None and lot.product_id != product.id:
        raise Trouble(f"lot {lot.number} is not of the product {product.sku}")
    person = person_named(db, allowed.who, seller)
    right = PrintRight(
        organisation_id=seller.id,
        person_id=person.id,
        product_id=None if product is None else product.id,
        lot_id=None if lot is None else lot.id,
        valid_from=since or now.date(),
        valid_until=until,
        number=allowed.count,
        used=0,
        granted_by=DESK,
        granted_at=now,
    )
    db.add(right)
    db.flush()
    record(db, DESK, "allow printing", f"person:{person.id}", now)
    return right.id


def rights(db: Session, coop: str | None) -> Iterator[str]:
    for right in rights_of(db, coop_named(db, coop).id):
        lot = None if right.lot_id is None else db.get_one(Lot, right.lot_id).number
        product = None if right.product_id is None else db.get_one(Product, right.product_id).sku
        stands = "withdrawn" if right.withdrawn_at else f"{right.valid_from} to {right.valid_until}"
        about = " ".join(filter(None, (product, lot))) or "everything"
        yield f"{right.id}  person {right.person_id}  {right.used} of {right.number} used  {about}  {stands}"


def take_right_back(db: Session, right_id: int, now: datetime) -> None:
    """Raises Trouble."""
    if not withdraw_right(db, right_id, now):
        raise Trouble(f"there is no right {right_id} to be withdrawn: chophien stamps withdraw lists them")
    record(db, DESK, "withdraw right", f"right:{right_id}", now)


def draw_one(db: Session, public_url: str, code: str, sheet: str, *, damp: bool, ending: str) -> bytes:
    """One stamp as an SVG or a PNG. Raises Trouble."""
    from handlers.papers.geometry import GeometryError, geometry_of
    from handlers.papers.label import DoesNotFit, Stamp
    from handlers.papers.single import one_png, one_svg

    if ending not in {".svg", ".png"}:
        raise Trouble("a single stamp is an .svg or a .png")
    digits = _whole([code])[0]
    found = db.scalar(select(TraceCode).where(TraceCode.code == digits, TraceCode.voided_at.is_(None)))
    lot = None if found is None or found.lot_id is None else db.get_one(Lot, found.lot_id)
    printed_on = None if found is None or found.sheet_id is None else db.get_one(StampSheet, found.sheet_id)
    product_id = lot.product_id if lot else printed_on.product_id if printed_on else None
    if product_id is None:
        raise Trouble(f"{grouped(digits)} is in nobody's book, or it is void")
    product = db.get_one(Product, product_id)
    told = labelled(product, lot, db.get_one(Organisation, product.organisation_id))
    stamp = Stamp(address_of(public_url, digits), digits, *told)
    try:
        geometry, sample = geometry_of(sheet), is_sample(public_url)
        if ending == ".svg":
            return one_svg(stamp, geometry, damp=damp, sample=sample).encode()
        return one_png(stamp, geometry, damp=damp, sample=sample)
    except (GeometryError, DoesNotFit) as misfit:
        raise Trouble(str(misfit)) from misfit


def set_limit(db: Session, kind: str, sign: str, people: int, coop: str | None) -> None:
    seller = coop_named(db, coop)
    same = (ScanLimit.organisation_id == seller.id, ScanLimit.kind == kind, ScanLimit.sign == sign)
    db.execute(delete(ScanLimit).where(*same))
    db.add(ScanLimit(organisation_id=seller.id, kind=kind, sign=sign, people=people))


def _sheet(db: Session, sheet_id: int) -> StampSheet:
    found = db.get(StampSheet, sheet_id)
    if found is None:
        raise Trouble(f"there is no sheet {sheet_id}: chophien stamps list names them")
    return found


def _whole(typed: Sequence[str]) -> list[str]:
    """`4839 2017 6504` may come as three words. Raises Trouble for what is not made of whole codes."""
    digits = "".join("".join(char for char in word if char not in " .-–_") for word in typed)
    if not digits.isascii() or not digits.isdigit() or len(digits) % 12:
        raise Trouble("a code has 12 digits, as 4839 2017 6504")
    return [digits[start : start + 12] for start in range(0, len(digits), 12)]
