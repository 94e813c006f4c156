"""Printing stamps: with the right and enough of them, or nothing at all."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from catalog.acts import Refused
from catalog.acts.offer import Posted, Posting, PostOffers, WithdrawOffers
from catalog.acts.order import Placed, PlaceOrder, SoldOut, Wanted
from catalog.acts.printing import By, bind_sheet, print_sheet
from catalog.acts.recalling import recall_lot
from catalog.acts.stamps import ActivateLot, LotActivated, NoRight, Printed, PrintStamps, TooFewStamps
from catalog.acts.voiding import lives_of, take_step, void_sheet
from catalog.db import Database
from catalog.lot import Lot, LotState
from catalog.organisation import Organisation, organisation_by_code
from catalog.person import Role
from catalog.person import grant as give_role
from catalog.product import Product
from catalog.quota import AccountKind, account, grant, ledger_sum, left
from catalog.sheet import PrintRight, StampSheet, codes_of, make_link, sheet_behind, use_link, withdraw_right
from catalog.stamp import TraceCode, life_of
from catalog.trace import check
from tests.conftest import NOW
from tests.contracts.towns import RealTalk, RealTown


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@pytest.fixture
def hoa(town: RealTown) -> RealTalk:
    """Staff, with the demo's right to print 5,000 stamps within a year."""
    talk = town.talk("hoa")
    talk.conversation.person_id = town.db.scalars(select(Role.person_id).where(Role.role == "staff")).one()
    town.db.flush()
    return talk


@pytest.fixture
def lot(town: RealTown) -> Lot:
    return town.db.scalars(select(Lot).where(Lot.number == "SM-CAM-01")).one()


@pytest.fixture
def coop(town: RealTown) -> Organisation:
    found = organisation_by_code(town.db, "SM")
    assert found is not None
    return found


def stamps(town: RealTown, sheet_id: int) -> list[TraceCode]:
    return list(codes_of(town.db, town.db.get_one(StampSheet, sheet_id)))


def drawn(town: RealTown) -> int:
    return int(town.db.scalars(select(func.count(StampSheet.id))).one())


def test_each_label_has_its_own_right_code_and_speaks_for_the_lot(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 700))

    assert isinstance(printed, Printed)
    assert (printed.count, printed.lot_number, printed.lot_state, printed.left) == (700, "SM-CAM-01", "active", 49_300)
    codes = stamps(town, printed.sheet_id)
    assert len({stamp.code for stamp in codes}) == len(codes) == 700
    assert {(check(stamp.code), stamp.kind, stamp.lot_id, life_of(stamp)) for stamp in codes} == {
        (True, "unit", lot.id, "active")
    }
    assert [stamp.id for stamp in codes] == sorted(stamp.id for stamp in codes)


def test_the_lots_stamp_is_one_code_on_all_labels(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 30, kind="lot"))

    assert isinstance(printed, Printed)
    assert [stamp.code for stamp in stamps(town, printed.sheet_id)] == ["483920176504"]
    assert printed.left == 50_000 - 30


def test_the_same_wish_twice_prints_one_sheet(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    first, second = (hoa.do(PrintStamps("d1", lot.id, 10)) for _ in range(2))

    assert isinstance(first, Printed)
    assert isinstance(second, Printed)
    assert (second.sheet_id, second.left, second.token) == (first.sheet_id, 49_990, "")
    assert drawn(town) == 1


def test_no_more_are_printed_than_are_left(town: RealTown, hoa: RealTalk, lot: Lot, coop: Organisation) -> None:
    grant(town.db, coop, -49_991, who="system", at=NOW)

    assert hoa.do(PrintStamps("d1", lot.id, 10)) == TooFewStamps(9)

    right = town.db.scalars(select(PrintRight), execution_options={"populate_existing": True}).one()
    assert (drawn(town), left(town.db, coop.id), right.used) == (0, 9, 0)
    assert isinstance(hoa.do(PrintStamps("d2", lot.id, 9)), Printed)
    assert left(town.db, coop.id) == 0


def test_nobody_prints_without_a_right(town: RealTown, lot: Lot) -> None:
    assert town.talk("a customer").do(PrintStamps("d1", lot.id, 1)) == Refused()
    assert town.talk_of("mến", "NSX-017").do(PrintStamps("d2", lot.id, 1)) == NoRight()
    assert drawn(town) == 0


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"valid_from": NOW.date() + timedelta(days=1)}, False),
        ({"valid_until": NOW.date() - timedelta(days=1)}, False),
        ({"number": 9}, False),
        ({"used": 4_991}, False),
        ({"withdrawn_at": NOW}, False),
        ({"product": "CAM"}, True),
        ({"product": "MAT"}, False),
        ({"lot": "SM-CAM-01"}, True),
        ({"lot": "SM-MAT-01"}, False),
    ],
)
def test_a_right_holds_for_its_lot_product_days_and_number(
    town: RealTown, hoa: RealTalk, lot: Lot, change: dict[str, object], fits: bool
) -> None:
    values = dict(change)
    if sku := values.pop("product", None):
        values["product_id"] = town.db.scalars(select(Product.id).where(Product.sku == sku)).one()
    if number := values.pop("lot", None):
        values["lot_id"] = town.db.scalars(select(Lot.id).where(Lot.number == number)).one()
    if values:
        town.db.execute(update(PrintRight).values(**values))

    assert isinstance(hoa.do(PrintStamps("d1", lot.id, 10)), Printed if fits else NoRight)


def test_a_right_that_is_withdrawn_is_gone_and_what_was_printed_stays(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 5))
    right_id = town.db.scalars(select(PrintRight.id)).one()

    assert withdraw_right(town.db, right_id, NOW)
    assert not withdraw_right(town.db, right_id, NOW)

    assert hoa.do(PrintStamps("d2", lot.id, 1)) == NoRight()
    assert isinstance(printed, Printed)
    assert len(stamps(town, printed.sheet_id)) == 5


def test_the_narrowest_right_is_used_first(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    wide = town.db.scalars(select(PrintRight)).one()
    same = {"organisation_id": wide.organisation_id, "person_id": wide.person_id, "valid_from": wide.valid_from}
    same |= {"valid_until": wide.valid_until, "granted_by": "system", "granted_at": NOW, "used": 0}
    of_the_product = PrintRight(**same, number=10, product_id=lot.product_id)
    of_the_lot = PrintRight(**same, number=10, lot_id=lot.id)
    town.db.add_all([of_the_product, of_the_lot])
    town.db.flush()

    for draft in ("d1", "d2", "d3"):
        assert isinstance(hoa.do(PrintStamps(draft, lot.id, 10)), Printed)

    town.db.expire_all()
    assert (of_the_lot.used, of_the_product.used, wide.used) == (10, 10, 10)


def test_a_manager_needs_no_right(town: RealTown, hoa: RealTalk, lot: Lot, coop: Organisation) -> None:
    town.db.execute(update(PrintRight).values(withdrawn_at=NOW))
    assert hoa.conversation.person_id is not None
    give_role(town.db, hoa.conversation.person_id, coop.id, "manager", NOW)

    assert isinstance(hoa.do(PrintStamps("d1", lot.id, 1)), Printed)


@pytest.mark.parametrize("count", [0, -1, 50_001])
def test_absurd_numbers_are_refused(hoa: RealTalk, lot: Lot, count: int) -> None:
    assert hoa.do(PrintStamps("d1", lot.id, count)) == Refused()


def test_nothing_is_printed_for_a_recalled_lot_or_one_of_somebody_else(town: RealTown, hoa: RealTalk) -> None:
    recalled = town.db.scalars(select(Lot.id).where(Lot.state == LotState.RECALLED)).one()
    others = (
        select(Lot.id)
        .join(Product, Product.id == Lot.product_id)
        .join(Organisation, Organisation.id == Product.organisation_id)
    )
    foreign = town.db.scalars(others.where(Organisation.code != "SM").limit(1)).one()

    assert hoa.do(PrintStamps("d1", recalled, 1)) == Refused()
    assert hoa.do(PrintStamps("d2", foreign, 1)) == NoRight()
    assert hoa.do(PrintStamps("d3", 999_999, 1)) == Refused()


def test_stamps_without_a_lot_wait_until_they_are_bound(town: RealTown, lot: Lot, coop: Organisation) -> None:
    sheet = print_sheet(town.db, PrintStamps("", 0, 4), By("system", None, NOW), product_id=lot.product_id)
    assert {life_of(stamp) for stamp in stamps(town, sheet.id)} == {"printed"}

    assert bind_sheet(town.db, sheet, lot, "system", NOW)
    assert not bind_sheet(town.db, sheet, lot, "system", NOW)

    town.db.expire_all()
    assert {(life_of(stamp), stamp.lot_id) for stamp in stamps(town, sheet.id)} == {("active", lot.id)}
    assert ledger_sum(town.db, account(town.db, AccountKind.LOOSE, coop.id)) == 0
    assert ledger_sum(town.db, account(town.db, AccountKind.LOT, coop.id, lot.id)) == 4


def test_stamps_are_bound_to_no_other_product(town: RealTown, lot: Lot) -> None:
    honey = town.db.scalars(select(Product.id).where(Product.sku == "MAT")).one()
    sheet = print_sheet(town.db, PrintStamps("", 0, 1), By("system", None, NOW), product_id=honey)

    with pytest.raises(ValueError, match="another product"):
        bind_sheet(town.db, sheet, lot, "system", NOW)


def test_a_draft_and_its_stamps_come_into_the_book_by_staff_alone(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    lot.state = LotState.DRAFT
    town.db.execute(update(TraceCode).where(TraceCode.lot_id == lot.id).values(activated_at=None))
    town.db.flush()

    assert town.talk_of("mến", "NSX-017").do(ActivateLot(lot.id)) == Refused()
    assert hoa.do(ActivateLot(lot.id)) == LotActivated(lot.id, "SM-CAM-01", ())

    town.db.expire_all()
    stamp = town.db.scalars(select(TraceCode).where(TraceCode.lot_id == lot.id)).one()
    assert (lot.state, life_of(stamp)) == (LotState.ACTIVE, "active")


def test_a_stamp_goes_its_way_and_never_back(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 2))
    assert isinstance(printed, Printed)
    one, other = (stamp.code for stamp in stamps(town, printed.sheet_id))

    assert [take_step(town.db, one, step, "system", NOW) for step in ("sold", "sold", "used", "void")] == [
        "sold",
        "sold",
        "used",
        "void",
    ]
    with pytest.raises(ValueError, match="void cannot be sold"):
        take_step(town.db, one, "sold", "system", NOW)
    assert take_step(town.db, other, "used", "system", NOW) == "used"
    assert take_step(town.db, "000000000001", "void", "system", NOW) is None
    assert lives_of(town.db, [printed.sheet_id]) == {printed.sheet_id: {"void": 1, "used": 1}}


def test_a_lots_stamp_is_not_sold(town: RealTown) -> None:
    with pytest.raises(ValueError, match="lot stamp that is active cannot be sold"):
        take_step(town.db, "483920176504", "sold", "system", NOW)


def test_what_is_void_leaves_the_books_of_the_lot(town: RealTown, hoa: RealTalk, lot: Lot, coop: Organisation) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 5))
    assert isinstance(printed, Printed)
    sheet = town.db.get_one(StampSheet, printed.sheet_id)
    take_step(town.db, stamps(town, sheet.id)[0].code, "void", "system", NOW)

    assert [void_sheet(town.db, sheet, "system", NOW) for _ in range(2)] == [4, 0]

    assert ledger_sum(town.db, account(town.db, AccountKind.LOT, coop.id, lot.id)) == 0
    assert ledger_sum(town.db, account(town.db, AccountKind.SPOILT, coop.id)) == 5
    assert left(town.db, coop.id) == 50_000 - 5


def test_a_link_gives_its_sheet_once_and_for_a_day(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 1))
    assert isinstance(printed, Printed)

    assert sheet_behind(town.db, printed.token, NOW + timedelta(hours=23)) is not None
    assert sheet_behind(town.db, printed.token, NOW + timedelta(hours=24)) is None
    assert use_link(town.db, printed.token, NOW + timedelta(hours=24)) is None
    used = use_link(town.db, printed.token, NOW)
    assert used is not None
    assert used.id == printed.sheet_id
    assert use_link(town.db, printed.token, NOW) is None
    assert sheet_behind(town.db, printed.token[:-1] + "x", NOW) is None


def test_a_newer_link_ends_the_one_before(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 1))
    assert isinstance(printed, Printed)
    make_link(town.db, town.db.get_one(StampSheet, printed.sheet_id), NOW)

    assert use_link(town.db, printed.token, NOW) is None


def test_a_pin_is_sealed_and_on_every_stamp(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    printed = hoa.do(PrintStamps("d1", lot.id, 3, pins=True))
    assert isinstance(printed, Printed)
    pins = [town.db.info["vault"].open(stamp.pin).decode() for stamp in stamps(town, printed.sheet_id) if stamp.pin]
    assert [(len(pin), pin.isdigit()) for pin in pins] == [(6, True)] * 3


def test_a_posting_that_is_taken_back_takes_its_stamps_out_of_the_books(
    town: RealTown, hoa: RealTalk, coop: Organisation
) -> None:
    grower = town.talk_of("mến", "NSX-017")
    product = town.db.scalars(select(Product).where(Product.sku == "CAM")).one()
    posted = grower.do(PostOffers("p1", (Posting(product.id, Decimal(50), 25_000, NOW.date()),)))
    assert isinstance(posted, Posted)
    draft = town.db.scalars(select(Lot).order_by(Lot.id.desc()).limit(1)).one()
    sheets = [hoa.do(PrintStamps(f"d{kind}", draft.id, 10, kind=kind)) for kind in ("unit", "lot")]

    grower.do(WithdrawOffers((posted.offers[0].offer_id,)))

    town.db.expire_all()
    assert draft.state == LotState.CLOSED
    assert ledger_sum(town.db, account(town.db, AccountKind.LOT, coop.id, draft.id)) == 0
    assert ledger_sum(town.db, account(town.db, AccountKind.SPOILT, coop.id)) == 20
    assert all(isinstance(sheet, Printed) for sheet in sheets)
    assert not town.db.scalars(
        select(TraceCode.id).where(TraceCode.lot_id == draft.id, TraceCode.voided_at.is_(None))
    ).all()
    assert hoa.do(PrintStamps("d3", draft.id, 1)) == Refused()
    assert draft.id not in [lot.id for lot in hoa.ports.lots.open()]


def test_nothing_is_printed_for_a_lot_past_its_day(town: RealTown, hoa: RealTalk, lot: Lot) -> None:
    lot.best_before = NOW.date() - timedelta(days=1)
    town.db.flush()

    assert hoa.do(PrintStamps("d1", lot.id, 1)) == Refused()
    sheet = print_sheet(town.db, PrintStamps("", 0, 1), By("system", None, NOW), product_id=lot.product_id)
    with pytest.raises(ValueError, match="any more"):
        bind_sheet(town.db, sheet, lot, "system", NOW)


# Recalls


def test_nothing_of_a_recalled_lot_is_sold_from_that_moment_on(town: RealTown, lot: Lot) -> None:
    buyer = town.talk("a customer")
    wanted = Wanted(lot.product_id, Decimal(2), 28_000, "483920176504")
    assert recall_lot(town.db, lot, "mốc", "Đừng ăn.", who="desk", at=NOW)
    assert not recall_lot(town.db, lot, "khác", "Khác.", who="desk", at=NOW)

    stamp = buyer.ports.book.stamp("483920176504")

    assert stamp is not None
    assert (stamp.state, stamp.recall_reason, stamp.goods.left) == ("recalled", "mốc", 0)
    assert isinstance(buyer.do(PlaceOrder("o1", (wanted,), "pickup", None, 0)), SoldOut)


def test_who_wanted_that_very_lot_gets_no_other_one_unasked(town: RealTown, lot: Lot) -> None:
    grower = town.talk_of("mến", "NSX-017")
    grower.do(PostOffers("p1", (Posting(lot.product_id, Decimal(50), 25_000, NOW.date()),)))
    recall_lot(town.db, lot, "mốc", "Đừng ăn.", who="desk", at=NOW)
    buyer = town.talk("a customer")
    lines = [Wanted(lot.product_id, Decimal(2), 28_000, code) for code in ("483920176504", "")]

    of_the_lot, of_any = (buyer.do(PlaceOrder(f"o{n}", (line,), "pickup", None, 0)) for n, line in enumerate(lines))

    assert of_the_lot == SoldOut(((lot.product_id, Decimal(0)),))
    assert isinstance(of_any, Placed)
