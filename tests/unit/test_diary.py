"""The diary of a lot: by its producer or staff, once, and never rubbed out."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select

from catalog.acts import Refused
from catalog.acts.diary import LONGEST
from catalog.acts.lots import LotEntry, Unfit, amend_lot, enter_lot
from catalog.acts.stamps import DiaryStruck, DiaryWritten, NotYet, StrikeDiary, WriteDiary
from catalog.db import Database
from catalog.lot import Lot, LotEvent, LotState, diary_of
from catalog.organisation import Organisation, organisation_by_code
from catalog.person import Role
from catalog.product import Product
from tests.conftest import NOW
from tests.contracts.towns import RealTalk, RealTown

TODAY = NOW.date()


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@pytest.fixture
def grower(town: RealTown) -> RealTalk:
    return town.talk_of("mến", "NSX-017")


@pytest.fixture
def lot(town: RealTown) -> Lot:
    return town.db.scalars(select(Lot).where(Lot.number == "SM-CAM-01")).one()


def spray(lot: Lot, draft: str = "d1", on: date = TODAY, words: str = "phun thuốc") -> WriteDiary:
    return WriteDiary(draft, lot.id, "spray", words, on, 7)


def lines(town: RealTown, lot: Lot) -> list[str]:
    return [line.words for line in diary_of(town.db, lot.id)]


def test_a_line_says_who_wrote_it_when_and_through_which_channel(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    written = grower.do(spray(lot, on=TODAY - timedelta(days=5)))

    assert isinstance(written, DiaryWritten)
    line = town.db.get_one(LotEvent, written.event_id)
    assert (line.words, line.happened_on, line.person_id, line.channel, line.recorded_at, line.wait_days) == (
        "phun thuốc",
        date(2026, 11, 16),
        grower.conversation.person_id,
        "web",
        NOW,
        7,
    )
    assert (written.lot_number, written.lacks, written.wrong) == ("SM-CAM-01", (), ("wait",))


def test_the_same_line_twice_is_written_once(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    first, second = (grower.do(spray(lot)) for _ in range(2))

    assert first == second
    assert lines(town, lot).count("phun thuốc") == 1


@pytest.mark.parametrize("on", [TODAY + timedelta(days=1), TODAY - timedelta(days=3 * 365 + 1)])
def test_what_has_not_happened_is_not_written(town: RealTown, grower: RealTalk, lot: Lot, on: date) -> None:
    before = lines(town, lot)
    assert grower.do(spray(lot, on=on)) == NotYet()
    assert lines(town, lot) == before


def test_nobody_writes_into_the_diary_of_others(town: RealTown, grower: RealTalk) -> None:
    honey = town.db.scalars(select(Lot).where(Lot.number == "SM-MAT-01")).one()
    for talk in (grower, town.talk("a customer")):
        assert talk.do(spray(honey)) == Refused()
    assert grower.do(WriteDiary("d2", 999_999, "spray", "phun", TODAY)) == Refused()


def test_staff_write_for_the_lots_of_their_coop_alone(town: RealTown, lot: Lot) -> None:
    hoa = town.talk("hoa")
    hoa.conversation.person_id = town.db.scalars(select(Role.person_id).where(Role.role == "staff")).one()
    town.db.flush()
    others = (
        select(Lot)
        .join(Product, Product.id == Lot.product_id)
        .join(Organisation, Organisation.id == Product.organisation_id)
    )
    foreign = town.db.scalars(others.where(Organisation.code != "SM").limit(1)).one()

    assert isinstance(hoa.do(spray(lot)), DiaryWritten)
    assert hoa.do(spray(foreign, "d2")) == Refused()


def test_words_are_cut_and_an_empty_line_is_refused(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    assert grower.do(spray(lot, words=" \n ")) == Refused()
    grower.do(spray(lot, words="bón\n phân " + "x" * 3000))
    assert lines(town, lot)[-1].startswith("bón phân xxx")
    assert len(lines(town, lot)[-1]) == LONGEST


@pytest.mark.parametrize(
    "words",
    ["phun thuốc, gọi 0912345678", "phun 0912 345 678", "phun +84 912.345.678", "hái cho đơn DH8M3Q", "đơn đh-8m3q"],
)
def test_nothing_of_a_customer_is_written(town: RealTown, grower: RealTalk, lot: Lot, words: str) -> None:
    before = lines(town, lot)
    assert grower.do(spray(lot, words=words)) == Refused()
    assert lines(town, lot) == before


def test_amounts_are_no_phone_number(grower: RealTalk, lot: Lot) -> None:
    words = "bón npk 16-16-8, 0,5 kg mỗi gốc, 120 gốc, 1.200.000 đ"
    assert isinstance(grower.do(spray(lot, words=words)), DiaryWritten)


def test_a_line_is_struck_by_who_wrote_it_and_stays_in_the_book(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    written = grower.do(spray(lot))
    assert isinstance(written, DiaryWritten)
    count = town.db.scalar(select(func.count(LotEvent.id)))

    assert town.talk_of("páo", "NSX-022").do(StrikeDiary(written.event_id)) == Refused()
    assert [grower.do(StrikeDiary(written.event_id)) for _ in range(2)] == [DiaryStruck(written.event_id)] * 2

    assert "phun thuốc" not in lines(town, lot)
    assert town.db.scalar(select(func.count(LotEvent.id))) == count


def test_a_harvest_that_is_told_is_the_harvest_of_its_lot(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    lot.harvested_on = None
    town.db.flush()
    grower.do(WriteDiary("d1", lot.id, "harvest", "cắt quả", TODAY))
    assert lot.harvested_on == TODAY


def test_a_harvest_that_was_told_wrongly_is_told_anew(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    lot.harvested_on = None
    town.db.execute(delete(LotEvent).where(LotEvent.lot_id == lot.id))
    town.db.flush()
    wrong = grower.do(WriteDiary("d1", lot.id, "harvest", "cắt quả", TODAY))
    assert isinstance(wrong, DiaryWritten)
    grower.do(StrikeDiary(wrong.event_id))
    unsaid = lot.harvested_on
    grower.do(WriteDiary("d2", lot.id, "harvest", "cắt quả", TODAY - timedelta(days=1)))

    assert (unsaid, lot.harvested_on) == (None, TODAY - timedelta(days=1))


def test_a_line_that_is_struck_leaves_a_day_that_it_did_not_give(town: RealTown, grower: RealTalk, lot: Lot) -> None:
    written = grower.do(WriteDiary("d1", lot.id, "harvest", "cắt quả", date(2026, 11, 18)))
    assert isinstance(written, DiaryWritten)
    grower.do(StrikeDiary(written.event_id))
    assert lot.harvested_on == date(2026, 11, 18)


def test_a_kind_that_nobody_knows_is_refused(grower: RealTalk, lot: Lot) -> None:
    assert grower.do(WriteDiary("d1", lot.id, "rubbish", "gì đó", TODAY)) == Refused()


# Lots


def enter(town: RealTown, **known: object) -> Lot:
    coop = organisation_by_code(town.db, "SM")
    product = town.db.scalars(select(Product).where(Product.sku == "CAM")).one()
    assert coop is not None
    return enter_lot(town.db, product, coop, None, LotEntry(**known), who="desk", at=NOW)  # type: ignore[arg-type]


def test_a_lot_gets_a_number_and_its_best_before_by_itself(town: RealTown) -> None:
    first, second = (enter(town, harvested_on=TODAY) for _ in range(2))
    assert [(lot.number, lot.best_before, lot.state) for lot in (first, second)] == [
        ("CAM-261121-1", date(2026, 12, 5), LotState.DRAFT),
        ("CAM-261121-2", date(2026, 12, 5), LotState.DRAFT),
    ]


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"harvested_on": TODAY, "best_before": TODAY}, "is not after the harvest"),
        ({"harvested_on": TODAY + timedelta(days=61)}, "more than 60 days away"),
        ({"number": "x" * 21}, "at most 20 characters"),
        ({"number": "\u202ea"}, "at most 20 characters"),
        ({"number": "SM-CAM-01"}, "already"),
        ({"point": (48.9, 2.3)}, "not in Vietnam"),
        ({"point": (float("nan"), 105.0)}, "not in Vietnam"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(town: RealTown, known: dict[str, object], reason: str) -> None:
    before = town.db.scalar(select(func.count(Lot.id)))
    with pytest.raises(Unfit, match=reason):
        enter(town, **known)
    assert town.db.scalar(select(func.count(Lot.id))) == before


def test_a_place_is_kept_to_some_eleven_kilometres(town: RealTown) -> None:
    lot = enter(town, point=(20.8765, 105.1234))
    assert (lot.latitude, lot.longitude) == (20.9, 105.1)


def test_nobody_sells_through_a_coop_that_is_not_hers(town: RealTown) -> None:
    product = town.db.scalars(select(Product).where(Product.sku == "CAM")).one()
    stranger = town.db.scalars(select(Organisation).where(Organisation.seller_id != product.organisation_id)).first()
    assert stranger is not None
    with pytest.raises(Unfit, match="does not sell"):
        enter_lot(town.db, product, stranger, None, LotEntry(), who="desk", at=NOW)


def test_what_is_not_named_stays(town: RealTown, lot: Lot) -> None:
    amend_lot(town.db, lot, LotEntry(amount="100 kg"), "desk", NOW)
    assert (lot.amount, lot.place, lot.plot, lot.latitude) == ("100 kg", "xã Đà Bắc", "vườn sau đồi, 0,4 ha", 20.9)
    with pytest.raises(Unfit, match="is not after the harvest"):
        amend_lot(town.db, lot, LotEntry(best_before=date(2026, 11, 1)), "desk", NOW)
