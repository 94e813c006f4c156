"""A sheet once more: only of who printed it, and only as long as its stamps may be stuck on anything."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, func, select

from bot.dialogues.printing import LONGEST_HOST
from bot.run.reading.press import PressReading
from catalog.acts import Refused
from catalog.acts.stamps import Printed, PrintStamps, SendSheetAgain, SheetSent
from catalog.db import Database
from catalog.lot import Lot, LotState
from catalog.person import Role
from catalog.sheet import StampSheet, sheet_behind
from catalog.stamp import TraceCode
from tests.conftest import NOW
from tests.contracts.towns import RealTalk, RealTown


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@pytest.fixture
def manager(town: RealTown) -> RealTalk:
    return town.talk_of_staff("office", manager=True)


@pytest.fixture
def sheet(town: RealTown, manager: RealTalk) -> StampSheet:
    lot_id = town.db.scalars(select(Lot.id).where(Lot.number == "SM-CAM-01")).one()
    made = manager.do(PrintStamps("d1", lot_id, 5))
    assert isinstance(made, Printed)
    return town.db.get_one(StampSheet, made.sheet_id)


def test_the_new_link_leads_to_the_same_sheet_and_no_stamp_is_made(
    town: RealTown, manager: RealTalk, sheet: StampSheet
) -> None:
    stamps = town.db.scalar(select(func.count(TraceCode.id)))
    sent = manager.do(SendSheetAgain())
    assert isinstance(sent, SheetSent)
    assert (sent.goods, sent.lot_number, sent.count) == ("Cam sành", "SM-CAM-01", 5)
    assert sheet_behind(town.db, sent.token, NOW) is sheet
    assert town.db.scalar(select(func.count(TraceCode.id))) == stamps


def test_a_sheet_that_was_spoilt_is_not_sent(manager: RealTalk, sheet: StampSheet) -> None:
    sheet.spoilt_at = NOW
    assert manager.do(SendSheetAgain()) == Refused()


@pytest.mark.parametrize("state", [LotState.RECALLED, LotState.CLOSED])
def test_of_a_lot_that_is_out_of_the_trade_none_is_sent(
    town: RealTown, manager: RealTalk, sheet: StampSheet, state: str
) -> None:
    town.db.get_one(Lot, sheet.lot_id).state = state
    assert manager.do(SendSheetAgain()) == Refused()


def test_of_goods_that_are_not_on_it_none_is_sent(manager: RealTalk, sheet: StampSheet) -> None:
    assert manager.do(SendSheetAgain((sheet.product_id + 1,))) == Refused()
    assert isinstance(manager.do(SendSheetAgain((sheet.product_id + 1, sheet.product_id))), SheetSent)


def test_who_works_there_no_more_gets_none(town: RealTown, manager: RealTalk, sheet: StampSheet) -> None:
    town.db.execute(delete(Role).where(Role.person_id == manager.conversation.person_id))
    assert manager.do(SendSheetAgain()) == Refused()


@pytest.mark.parametrize(("host", "fits"), [("a" * LONGEST_HOST, True), ("a" * (LONGEST_HOST + 1), False)])
def test_an_address_that_is_too_long_fits_on_no_label(town: RealTown, manager: RealTalk, host: str, fits: bool) -> None:
    oranges = manager.ports.lots.open()[0]
    press = PressReading(town.db, None, today=NOW.date(), public_url=f"https://{host}")
    assert press.fits(oranges) == fits
