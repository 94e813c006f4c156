"""How a producer puts goods on sale, takes them back and corrects herself."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.acts import Refused, Result, Who
from catalog.acts.offer import (
    Corrected,
    CorrectOffer,
    Posted,
    PostedOffer,
    Posting,
    PostOffers,
    SoldMore,
    Withdrawn,
    WithdrawOffers,
)
from catalog.acts.standing import Household, household_of, name_of
from catalog.acts.voiding import void_sheet
from catalog.audit import record
from catalog.case import open_case
from catalog.lot import Lot, LotState
from catalog.offer import Offer, offer_by_draft_key
from catalog.organisation import FeeKind, Organisation
from catalog.product import PriceChange, Product, set_price
from catalog.sheet import StampSheet
from catalog.stamp import TraceCode, add_code
from catalog.stock import move, put_on_sale, withdraw

_NUMBER_TRIES = 50


def post(db: Session, who: Who, command: PostOffers) -> Result:
    """Posted, or Refused to everybody but a producer, and for goods that her seller of record does not sell."""
    household = household_of(db, who)
    if household is None or not command.items:
        return Refused()
    before = [offer_by_draft_key(db, _key(command, place)) for place in range(len(command.items))]
    if any(before):
        hers = [offer for offer in before if offer is not None and _is_hers(offer, household)]
        return Posted(tuple(_posted(db, offer) for offer in hers)) if len(hers) == len(before) else Refused()
    products = [db.get(Product, item.product_id, populate_existing=True) for item in command.items]
    wanted = [
        (item, product)
        for item, product in zip(command.items, products, strict=True)
        if product is not None and product.organisation_id == household.seller_id
    ]
    if len(wanted) < len(products) or any(item.quantity <= 0 or item.price_vnd <= 0 for item in command.items):
        return Refused()
    return Posted(
        tuple(
            _post(db, who, household, item, product, key=_key(command, place))
            for place, (item, product) in enumerate(wanted)
        )
    )


def take_back(db: Session, who: Who, command: WithdrawOffers) -> Result:
    """Withdrawn, or Refused if any of them is not hers. A shown price that came with a posting goes with it."""
    household = household_of(db, who)
    if household is None:
        return Refused()
    hers = _hers(db, household, command.offer_ids)
    if not hers or len(hers) < len(set(command.offer_ids)):
        return Refused()
    for offer in hers:
        gone = withdraw(db, offer, f"offer:{offer.id}", who.now)
        if gone == offer.posted:
            _void_lot_codes(db, who, offer)
        record(db, name_of(who, household.person_id), "withdraw", f"offer:{offer.id}", who.now)
    db.flush()
    for offer in reversed(hers):
        _show_as_before(db, who, household, offer)
    return Withdrawn(command.offer_ids)


def correct(db: Session, who: Who, command: CorrectOffer) -> Result:
    """Corrected; SoldMore, with a case for the co-op, if more is sold; Refused for what is not hers or off sale."""
    household = household_of(db, who)
    offer = None if household is None else next(iter(_hers(db, household, [command.offer_id])), None)
    if household is None or offer is None or offer.withdrawn_at is not None or command.quantity < 0:
        return Refused()
    before = offer.posted
    change = command.quantity - before
    if change and not move(db, offer.id, change, "corrected", ref=who.message_key, at=who.now):
        subject = f"offer {offer.id}"
        open_case(db, who.account_id, who.conversation_id, "short stock", subject=subject, note="", at=who.now)
        return SoldMore(offer.id, before - offer.left)
    offer.posted = command.quantity
    lot = None if offer.lot_id is None else db.get(Lot, offer.lot_id)
    if lot is not None and lot.state == LotState.DRAFT:
        lot.amount = _amount(command.quantity, db.get_one(Product, offer.product_id))
    record(db, name_of(who, household.person_id), "correct", f"offer:{offer.id}", who.now)
    db.flush()
    return Corrected(offer.id, before, offer.posted, offer.price_vnd, offer.posted - offer.left)


def shown_for(price_vnd: int, product: Product, seller: Organisation) -> int:
    """What customers see for goods of which the producer gets `price_vnd`: with the mark-up, or with the share on top.

    A share is of what customers pay, rounded up to whole đồng: at 5 %, 25.000 for her is 26.316 for them.
    """
    if seller.fee_kind == FeeKind.PERCENT:
        return int((price_vnd / (1 - seller.fee_percent / 100)).to_integral_value(ROUND_CEILING))
    return price_vnd + product.markup_vnd


def _post(db: Session, who: Who, household: Household, item: Posting, product: Product, *, key: str) -> PostedOffer:
    last = _newest(db, household, product.id)
    lot = _lot(db, who, household, item, product)
    offer = Offer(
        product_id=product.id,
        organisation_id=household.organisation_id,
        person_id=household.person_id,
        lot_id=lot.id,
        called=last.called if last is not None else product.short_vi[:1].upper() + product.short_vi[1:],
        posted=item.quantity,
        price_vnd=item.price_vnd,
        available_from=item.available_from,
        draft_key=key,
        created_at=who.now,
    )
    put_on_sale(db, offer, key, who.now)
    known_vnd = product.price_vnd - product.markup_vnd if last is None else last.price_vnd
    if item.price_vnd != known_vnd or item.price_vnd > product.price_vnd:
        _show(db, who, household, product, item.price_vnd)
    record(db, name_of(who, household.person_id), "offer", f"offer:{offer.id}", who.now)
    db.flush()
    return _posted(db, offer)


def _posted(db: Session, offer: Offer) -> PostedOffer:
    product = db.get_one(Product, offer.product_id)
    return PostedOffer(offer.id, offer.product_id, offer.posted, offer.price_vnd, product.price_vnd, product.markup_vnd)


def _show(db: Session, who: Who, household: Household, product: Product, price_vnd: int) -> None:
    """Let customers see the price that belongs to what she gets. Orders keep the one that they were placed at.

    It stays, and the co-op has a case, where it is the price of other goods too: of another household's, or of her own
    of which she gets more than customers would pay.
    """
    shown_vnd = shown_for(price_vnd, product, db.get_one(Organisation, household.seller_id))
    standing = _standing(db, product.id)
    if any(owner_id != household.organisation_id or owed_vnd > shown_vnd for owner_id, owed_vnd in standing):
        _call_about_price(db, who, product, f"{product.label_vi}: {price_vnd}")
    else:
        actor = name_of(who, household.person_id)
        _set_price(db, actor, who.now, product, shown_vnd=shown_vnd, markup_vnd=shown_vnd - price_vnd)


def _show_as_before(db: Session, who: Who, household: Household, gone: Offer) -> None:
    """Show again what customers saw before the posting, if it is its price that they see now.

    The change of the posting is the one that was made in the same moment, by her, to that price. The price stays, and
    the co-op has a case, where somebody would get more for what is left than customers would pay.
    """
    product = db.get_one(Product, gone.product_id)
    history = select(PriceChange).where(PriceChange.product_id == product.id).limit(1)
    hers = (
        PriceChange.changed_at == gone.created_at,
        PriceChange.who == f"person:{gone.person_id}",
        PriceChange.price_vnd == product.price_vnd,
        PriceChange.price_vnd - PriceChange.markup_vnd == gone.price_vnd,
    )
    change = db.scalar(history.where(*hers).order_by(PriceChange.id))
    earlier = PriceChange.id.desc()
    before = None if change is None else db.scalar(history.where(PriceChange.id < change.id).order_by(earlier))
    if before is None:
        return
    if any(owed_vnd > before.price_vnd for _, owed_vnd in _standing(db, product.id)):
        _call_about_price(db, who, product, f"{product.label_vi}: {before.price_vnd - before.markup_vnd}")
    else:
        actor = name_of(who, household.person_id)
        _set_price(db, actor, who.now, product, shown_vnd=before.price_vnd, markup_vnd=before.markup_vnd)


def _set_price(db: Session, actor: str, at: datetime, product: Product, *, shown_vnd: int, markup_vnd: int) -> None:
    if (shown_vnd, markup_vnd) != (product.price_vnd, product.markup_vnd):
        set_price(db, product, shown_vnd, markup_vnd, who=actor, at=at)
        record(db, actor, "price", f"product:{product.id}", at)
        db.flush()


def _call_about_price(db: Session, who: Who, product: Product, note: str) -> None:
    subject = f"product {product.id}"
    open_case(db, who.account_id, who.conversation_id, "price", subject=subject, note=note, at=who.now)


def _standing(db: Session, product_id: int) -> Sequence[tuple[int, int]]:
    """Whose goods of this product can still be sold, and what they get for a unit of it: organisation id, đồng."""
    left = (Offer.product_id == product_id, Offer.withdrawn_at.is_(None), Offer.left > 0)
    return db.execute(select(Offer.organisation_id, Offer.price_vnd).where(*left)).all()


def _newest(db: Session, household: Household, product_id: int) -> Offer | None:
    """Her newest posting of a product that she did not take back."""
    return db.scalar(
        select(Offer)
        .where(
            Offer.organisation_id == household.organisation_id,
            Offer.product_id == product_id,
            Offer.withdrawn_at.is_(None),
        )
        .order_by(Offer.id.desc())
        .limit(1)
    )


def _lot(db: Session, who: Who, household: Household, item: Posting, product: Product) -> Lot:
    """A draft of the lot that she will bring, with its own number and a trace code that staff can print."""
    days = product.shelf_life_days
    hers = select(Lot.place).where(Lot.organisation_id == household.organisation_id, Lot.place != "")
    place = db.scalar(hers.order_by(Lot.id.desc()).limit(1))
    prefix = f"{product.sku[:9]}-{item.available_from:%y%m%d}"
    numbered = db.scalar(
        select(func.count()).where(Lot.product_id == product.id, Lot.number.startswith(prefix, autoescape=True))
    )
    for number in range((numbered or 0) + 1, (numbered or 0) + 1 + _NUMBER_TRIES):
        lot = Lot(
            number=f"{prefix}-{number}",
            product_id=product.id,
            organisation_id=household.organisation_id,
            person_id=household.person_id,
            place=place or "",
            harvested_on=item.available_from,
            best_before=None if days is None else item.available_from + timedelta(days=days),
            amount=_amount(item.quantity, product),
            state=LotState.DRAFT,
            created_at=who.now,
        )
        try:
            with db.begin_nested():
                db.add(lot)
        except IntegrityError:  # somebody else posts the same product for the same day
            continue
        add_code(db, lot.id, "lot", who.now)
        return lot
    raise LookupError(f"no free lot number after {prefix}-{numbered}")


def _void_lot_codes(db: Session, who: Who, offer: Offer) -> None:
    """Nothing of the draft was sold: it is closed, and whatever was printed for it is void, in the books too."""
    lot = None if offer.lot_id is None else db.get(Lot, offer.lot_id)
    if lot is not None and lot.state == LotState.DRAFT:
        actor = name_of(who, offer.person_id)
        for sheet in db.scalars(select(StampSheet).where(StampSheet.lot_id == lot.id)).all():
            void_sheet(db, sheet, actor, who.now)
        lot.state = LotState.CLOSED
        db.execute(
            update(TraceCode)
            .where(TraceCode.lot_id == lot.id, TraceCode.voided_at.is_(None))
            .values(voided_at=who.now)
            .execution_options(synchronize_session="fetch")
        )


def _hers(db: Session, household: Household, offer_ids: Collection[int]) -> list[Offer]:
    """Those that are her own, locked until the end of the transaction, in the order in which stock is taken."""
    wanted = select(Offer).where(Offer.id.in_(offer_ids), Offer.organisation_id == household.organisation_id)
    in_order = wanted.order_by(Offer.product_id, Offer.id).with_for_update()
    return list(db.scalars(in_order, execution_options={"populate_existing": True}))


def _is_hers(offer: Offer, household: Household) -> bool:
    return offer.organisation_id == household.organisation_id


def _amount(quantity: Decimal, product: Product) -> str:
    return f"{quantity.normalize():f} {product.unit_vi}".replace(".", ",")


def _key(command: PostOffers, place: int) -> str:
    return f"{command.draft_id}:{place}"
