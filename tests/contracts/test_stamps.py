"""Lots, their diaries, stamps and the press, on the fake and on the real shop."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

import catalog.acts.diary
from bot.dialogues.journal import OLDEST
from bot.dialogues.printing import MOST
from bot.ports import Goods, LotView, Oddity
from catalog.acts import Refused
from catalog.acts.offer import Posting, PostOffers
from catalog.acts.person import Counted, RecordScan
from catalog.acts.printing import MOST_LABELS
from catalog.acts.stamps import (
    ActivateLot,
    DiaryStruck,
    DiaryWritten,
    LotActivated,
    NoRight,
    NotYet,
    Printed,
    PrintStamps,
    SendSheetAgain,
    SheetSent,
    StrikeDiary,
    TooFewStamps,
    WriteDiary,
)
from tests.contracts.towns import Talk, Town

TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)
BOTTLE = "824501379632"


def goods(town: Town, words: str) -> Goods:
    return town.talk("anybody").ports.shelf.search(words)[0].goods


def lot(talk: Talk, number: str) -> LotView:
    return next(one for one in talk.ports.lots.open() if one.number == number)


def post(town: Town, grower: Talk) -> LotView:
    """What she will cut tomorrow: a draft."""
    grower.do(PostOffers("posting", (Posting(goods(town, "cam sành").id, Decimal(50), 25_000, TOMORROW),)))
    return grower.ports.lots.open()[0]


def written(talk: Talk, lot_id: int, kind: str = "spray", on: date = TODAY, draft: str = "d1") -> DiaryWritten:
    result = talk.do(WriteDiary(draft, lot_id, kind, "phun thuốc", on, 7 if kind == "spray" else None))
    assert isinstance(result, DiaryWritten)
    return result


# Scans


def test_a_package_that_ten_people_look_at_in_a_day_is_odd(town: Town) -> None:
    for number in range(9):
        assert town.talk(f"v{number}").do(RecordScan(BOTTLE)) == Counted(BOTTLE)
        town.talk(f"v{number}").do(RecordScan(BOTTLE))
    stamp = town.talk("her").ports.book.stamp(BOTTLE)
    assert stamp is not None
    assert stamp.odd is None
    town.talk("v9").do(RecordScan(BOTTLE))
    stamp = town.talk("her").ports.book.stamp(BOTTLE)
    assert stamp is not None
    assert (stamp.state, stamp.odd) == ("active", Oddity("many", 10, 1, TODAY))


def test_a_household_that_looks_every_day_is_not_odd(town: Town) -> None:
    for _ in range(6):
        for number in range(3):
            town.talk(f"v{number}").do(RecordScan(BOTTLE))
        town.now += timedelta(days=1)
    stamp = town.talk("v0").ports.book.stamp(BOTTLE)
    assert stamp is not None
    assert stamp.odd is None


def test_a_lots_stamp_may_be_looked_at_by_anybody(town: Town) -> None:
    for number in range(30):
        town.talk(f"v{number}").do(RecordScan("483920176504", "many"))
    stamp = town.talk("her").ports.book.stamp("483920176504")
    assert stamp is not None
    assert stamp.odd is None


# Lots


def test_a_producer_keeps_her_own_lots_and_the_newest_comes_first(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    eggs, oranges = grower.ports.lots.open()
    assert (eggs.number, oranges.number) == ("SM-TRUNG-01", "SM-CAM-01")
    assert [one.number for one in grower.ports.lots.open(oranges.goods.id)] == ["SM-CAM-01"]
    assert replace(oranges, diary=()) == LotView(
        id=oranges.id,
        number="SM-CAM-01",
        state="active",
        goods=goods(town, "cam sành"),
        called="Cam",
        producer="bà Bùi Thị Mến",
        place="xã Đà Bắc",
        harvested_on=date(2026, 11, 18),
        best_before=date(2026, 12, 2),
        amount="120 kg",
        code="483920176504",
        diary=(),
        lacks=(),
        wrong=(),
        harvest_verb="cắt",
    )
    assert [entry.kind for entry in oranges.diary] == ["fertilise", "spray", "stop_spray", "harvest", "pack"]


def test_staff_keep_all_lots_of_their_co_op_and_nobody_else_any(town: Town) -> None:
    assert [one.number for one in town.talk_of_staff("desk").ports.lots.open()] == [
        "SM-TRUNG-01", "SM-CAM-01", "SM-BUOI-01", "SM-MIEN-02", "SM-MANG-01", "SM-MAT-01",
    ]  # fmt: skip
    assert list(town.talk("v1").ports.lots.open()) == []


def test_a_lot_past_its_day_or_recalled_is_not_open(town: Town) -> None:
    staff = town.talk_of_staff("desk")
    assert "SM-MIEN-01" not in [one.number for one in staff.ports.lots.open()]
    town.now = town.now.replace(day=3, month=12)
    assert "SM-CAM-01" not in [one.number for one in staff.ports.lots.open()]


def test_of_more_lots_than_a_list_shows_each_can_be_reached(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    oranges = goods(town, "cam sành").id
    for number in range(25):
        line = Posting(oranges, Decimal(5), 25_000, TOMORROW + timedelta(days=number % 5))
        grower.do(PostOffers(f"p{number}", (line,)))
    lots = grower.ports.lots
    names = [one.number for one in lots.names()]
    assert (len(lots.open()), len(names), names[-2:]) == (20, 27, ["SM-TRUNG-01", "SM-CAM-01"])
    assert names[:20] == [one.number for one in lots.open()]
    last = lots.names()[-1]
    found = lots.get(last.id)
    assert found is not None
    assert (found.number, found.goods) == ("SM-CAM-01", last.goods)
    eggs = next(one for one in lots.names() if one.number == "SM-TRUNG-01").goods
    assert [one.number for one in lots.open(eggs.id)] == ["SM-TRUNG-01"]


def test_somebody_elses_lot_is_not_there(town: Town) -> None:
    oranges = lot(town.talk_of("grower", "NSX-017"), "SM-CAM-01")
    other, nobody = town.talk_of("other", "NSX-022"), town.talk("v1")
    assert (other.ports.lots.get(oranges.id), nobody.ports.lots.get(oranges.id)) == (None, None)
    assert (list(nobody.ports.lots.names()), nobody.ports.lots.get(999_999)) == ([], None)


def test_a_posting_is_a_draft_that_lacks_its_diary(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    draft = post(town, grower)
    assert (draft.number, draft.state, draft.amount, draft.lacks) == ("CAM-261122-1", "draft", "50 kg", ("stages",))
    stamp = town.talk("v1").ports.book.stamp(draft.code)
    assert stamp is not None
    assert (stamp.state, stamp.kind, stamp.lot_id) == ("draft", "lot", draft.id)


# The diary


def test_a_line_is_written_once_and_says_what_cannot_be(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    draft = post(town, grower)
    first = written(grower, draft.id)
    assert first == DiaryWritten(first.event_id, draft.id, "CAM-261122-1", (), ("wait",))
    assert written(grower, draft.id) == first
    assert [(line.on, line.kind, line.words) for line in lot(grower, draft.number).diary] == [
        (TODAY, "spray", "phun thuốc")
    ]


def test_a_line_is_taken_back_by_who_wrote_it(town: Town) -> None:
    grower, staff = town.talk_of("grower", "NSX-017"), town.talk_of_staff("desk")
    draft = post(town, grower)
    line = written(grower, draft.id)
    assert staff.do(StrikeDiary(line.event_id)) == Refused()
    assert grower.do(StrikeDiary(line.event_id)) == DiaryStruck(line.event_id)
    assert grower.do(StrikeDiary(line.event_id)) == DiaryStruck(line.event_id)
    assert lot(grower, draft.number).diary == ()
    assert grower.do(StrikeDiary(999_999)) == Refused()


def test_a_day_to_come_or_long_gone_is_not_written(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    oranges = lot(grower, "SM-CAM-01")
    for on in (TOMORROW, date(2022, 1, 1)):
        assert grower.do(WriteDiary("d1", oranges.id, "prune", "tỉa cành", on)) == NotYet()
    assert len(lot(grower, "SM-CAM-01").diary) == 5
    assert OLDEST == catalog.acts.diary.OLDEST


def test_a_line_that_names_a_customer_is_refused(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    oranges = lot(grower, "SM-CAM-01")
    for words in ("tỉa cành cho đơn DH8M3Q", "tỉa cành, gọi 0912 345 678"):
        assert grower.do(WriteDiary("d1", oranges.id, "prune", words, TODAY)) == Refused()
    assert len(lot(grower, "SM-CAM-01").diary) == 5


def test_nobody_writes_into_somebody_elses_diary(town: Town) -> None:
    oranges = lot(town.talk_of("grower", "NSX-017"), "SM-CAM-01")
    line = WriteDiary("d1", oranges.id, "prune", "tỉa cành", TODAY)
    assert town.talk("v1").do(line) == Refused()
    assert town.talk_of("v2", "NSX-022").do(line) == Refused()
    assert isinstance(town.talk_of_staff("desk").do(line), DiaryWritten)
    assert town.talk_of_staff("desk").do(replace(line, draft_id="d2", lot_id=999_999)) == Refused()


# The press


def test_staff_need_a_right_and_a_manager_none(town: Town) -> None:
    staff = town.talk_of_staff("desk")
    oranges = lot(staff, "SM-CAM-01")
    town.withdraw_rights()  # of the demo
    assert (staff.ports.press.may(oranges, 1), staff.do(PrintStamps("d1", oranges.id, 1))) == (False, NoRight())
    town.may_print("staff", 10)
    assert (staff.ports.press.may(oranges, 10), staff.ports.press.may(oranges, 11)) == (True, False)
    manager = town.talk_of_staff("office", manager=True)
    assert manager.ports.me.role == "staff"
    assert manager.ports.press.may(oranges, 50_000)


def test_one_draft_is_one_sheet_and_what_is_left_goes_down_once(town: Town) -> None:
    town.have_left(400)
    manager = town.talk_of_staff("office", manager=True)
    oranges = lot(manager, "SM-CAM-01")
    assert manager.ports.press.left(oranges) == 400
    made = manager.do(PrintStamps("d1", oranges.id, 100))
    assert isinstance(made, Printed)
    assert replace(made, token="") == Printed(made.sheet_id, oranges.id, "SM-CAM-01", "active", 100, 300)
    assert made.token
    assert manager.do(PrintStamps("d1", oranges.id, 100)) == replace(made, token="")
    assert manager.ports.press.left(oranges) == 300


def test_the_last_stamps_are_not_printed_in_part(town: Town) -> None:
    town.have_left(30)
    manager = town.talk_of_staff("office", manager=True)
    oranges = lot(manager, "SM-CAM-01")
    assert manager.do(PrintStamps("d1", oranges.id, 31)) == TooFewStamps(30)
    assert manager.ports.press.left(oranges) == 30


def test_a_producers_right_is_used_up_and_can_be_withdrawn(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    oranges = lot(grower, "SM-CAM-01")
    town.may_print("NSX-017", 50)
    assert isinstance(grower.do(PrintStamps("d1", oranges.id, 40)), Printed)
    assert (grower.ports.press.may(oranges, 10), grower.ports.press.may(oranges, 11)) == (True, False)
    assert grower.do(PrintStamps("d2", oranges.id, 11)) == NoRight()
    town.withdraw_rights()
    assert (grower.ports.press.may(oranges, 10), grower.do(PrintStamps("d3", oranges.id, 10))) == (False, NoRight())


def test_a_right_ends_with_its_last_day(town: Town) -> None:
    grower = town.talk_of("grower", "NSX-017")
    eggs = lot(grower, "SM-TRUNG-01")
    town.may_print("NSX-017", 50)
    town.now += timedelta(days=8)
    assert not grower.ports.press.may(eggs, 1)


@pytest.mark.parametrize("count", [0, -1, MOST_LABELS + 1])
def test_no_stamps_and_too_many_are_refused(town: Town, count: int) -> None:
    manager = town.talk_of_staff("office", manager=True)
    assert manager.do(PrintStamps("d1", lot(manager, "SM-CAM-01").id, count)) == Refused()
    assert manager.do(PrintStamps("d1", 999_999, 1)) == Refused()
    assert MOST <= MOST_LABELS


def test_a_strangers_wish_to_print_is_refused(town: Town) -> None:
    oranges = lot(town.talk_of_staff("desk"), "SM-CAM-01")
    stranger = town.talk("v1")
    assert (stranger.ports.press.may(oranges, 1), stranger.do(PrintStamps("d1", oranges.id, 1))) == (False, Refused())


def test_only_staff_put_a_lot_into_the_book(town: Town) -> None:
    grower, staff = town.talk_of("grower", "NSX-017"), town.talk_of_staff("desk")
    draft = post(town, grower)
    assert grower.do(ActivateLot(draft.id)) == Refused()
    assert staff.do(ActivateLot(draft.id)) == LotActivated(draft.id, "CAM-261122-1", ("stages",))
    assert staff.do(ActivateLot(draft.id)) == LotActivated(draft.id, "CAM-261122-1", ("stages",))
    stamp = town.talk("v1").ports.book.stamp(draft.code)
    assert stamp is not None
    assert stamp.state == "active"


# A sheet once more


def test_her_newest_sheet_is_sent_again_and_nothing_is_drawn(town: Town) -> None:
    manager = town.talk_of_staff("office", manager=True)
    oranges, eggs = lot(manager, "SM-CAM-01"), lot(manager, "SM-TRUNG-01")
    assert manager.do(SendSheetAgain()) == Refused()
    first, second = (manager.do(PrintStamps(f"d{one.id}", one.id, 20)) for one in (oranges, eggs))
    assert isinstance(first, Printed)
    assert isinstance(second, Printed)
    left = manager.ports.press.left(oranges)

    newest = manager.do(SendSheetAgain())
    of_oranges = manager.do(SendSheetAgain((oranges.goods.id,)))
    assert isinstance(newest, SheetSent)
    assert isinstance(of_oranges, SheetSent)
    assert replace(newest, token="") == SheetSent(second.sheet_id, eggs.goods.label, "SM-TRUNG-01", 20, "")
    assert replace(of_oranges, token="") == SheetSent(first.sheet_id, oranges.goods.label, "SM-CAM-01", 20, "")
    assert len({first.token, second.token, newest.token, of_oranges.token}) == 4
    assert manager.ports.press.left(oranges) == left


def test_a_sheet_is_sent_again_to_nobody_else(town: Town) -> None:
    manager = town.talk_of_staff("office", manager=True)
    manager.do(PrintStamps("d1", lot(manager, "SM-CAM-01").id, 20))
    assert town.talk_of("grower", "NSX-017").do(SendSheetAgain()) == Refused()
    assert town.talk("v1").do(SendSheetAgain()) == Refused()
