"""Stamps of a small co-op, with all that the pages behind them show."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from bot.ports import Certificate, DiaryEntry, Goods, Stamp
from handlers.pages.views import Doors, Paper, Passport, Place, Recorded, Seller, Stars

ZONE = timezone(timedelta(hours=7))


def goods(number: int, name: str, emoji: str, price_vnd: int, unit: str) -> Goods:
    return Goods(
        id=number,
        name=name,
        label=name,
        short=name,
        emoji=emoji,
        unit=unit,
        pieces=1,
        step=Decimal(1),
        price_vnd=price_vnd,
        left=Decimal(40),
        code="",
        category="",
        weight_g=1000,
        seller_id=1,
        seller="HTX Nông sản Suối Mây",
        image="",
    )


GOODS = (
    goods(1, "Cam sành loại 1", "🍊", 28_000, "kg"),
    goods(2, "Mật ong rừng 500 ml", "🍯", 180_000, "chai"),
    goods(3, "Trứng gà đồi", "🥚", 45_000, "chục"),
    goods(4, "Bưởi đỏ", "🍈", 35_000, "quả"),
)
ORANGES = Stamp(
    code="483920176504",
    kind="lot",
    state="active",
    goods=replace(GOODS[0], image="/pictures/cam-sanh.png"),
    number="SM-261118-01",
    producer="bà Bùi Thị Mến",
    place="xã Đà Bắc",
    harvest_verb="cắt",
    harvested_on=date(2026, 11, 18),
    best_before=date(2026, 12, 2),
    fresh=True,
    diary=(
        DiaryEntry(date(2026, 3, 2), "fertilise", "bón phân hữu cơ"),
        DiaryEntry(date(2026, 10, 5), "stop_spray", "ngưng phun, kiểm tra vườn"),
        DiaryEntry(date(2026, 11, 18), "harvest", "cắt quả – 120 kg"),
    ),
    certificates=(Certificate("VietGAP", date(2027, 8, 31)),),
    recall_reason="",
    recall_advice="",
    seller="HTX Nông sản Suối Mây",
)
NOODLES = Stamp(
    code="609735841277",
    kind="lot",
    state="recalled",
    goods=goods(6, "Miến dong 500 g", "🍜", 55_000, "gói"),
    number="SM-261102-03",
    producer="ông Lường Văn Inh",
    place="xã Mường Chiềng",
    harvest_verb="đóng gói",
    harvested_on=date(2026, 11, 2),
    best_before=None,
    fresh=False,
    diary=(),
    certificates=(),
    recall_reason="bao gói hở, có thể bị ẩm mốc",
    recall_advice="Anh/chị giữ lại gói, HTX đổi gói mới hoặc trả lại tiền.",
    seller="HTX Nông sản Suối Mây",
)
HONEY = Stamp(
    code="824501379632",
    kind="unit",
    state="active",
    goods=replace(GOODS[1], image="/pictures/mat-ong.png"),
    number="SM-261030-02",
    producer="ông Hà Văn Páo",
    place="xã Cao Sơn",
    harvest_verb="quay mật",
    harvested_on=date(2026, 10, 30),
    best_before=date(2028, 10, 30),
    fresh=False,
    diary=(),
    certificates=(),
    recall_reason="",
    recall_advice="",
    seller="HTX Nông sản Suối Mây",
)

SELLER = Seller(
    name="HTX Nông sản Suối Mây",
    short_name="HTX Suối Mây",
    tax_code="5400123456",
    address="Xóm Mây, xã Đà Bắc, tỉnh Phú Thọ",
    phone="0218 3555 017",
    policy="Hàng lỗi đổi trong 48 giờ. Giao trong tỉnh 1 ngày, tỉnh khác 2–3 ngày.",
    clerk="chị Hoa",
    clerk_phone="0912 555 017",
)
DOORS = Doors("https://m.me/100200300?ref=t-483920176504", "https://zalo.me/4318400500")


def moment(day: int, month: int, hour: int, minute: int) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


FULL = Passport(
    stamp=ORANGES,
    seller=SELLER,
    place=Place("xã Đà Bắc", "Phú Thọ", "Hòa Bình", "vườn đồi Nà Chiếu, 0,8 ha", (20.9, 105.2)),
    stages=(
        Recorded(date(2026, 3, 2), "fertilise", "bón phân hữu cơ", "producer", "zalo", moment(2, 3, 18, 5)),
        Recorded(date(2026, 9, 12), "spray", "phun thuốc sinh học", "producer", "messenger", moment(12, 9, 17, 40)),
        Recorded(date(2026, 10, 5), "stop_spray", "ngưng phun, kiểm tra vườn", "staff", "desk", moment(6, 10, 8, 12)),
        Recorded(date(2026, 11, 18), "harvest", "cắt quả – 120 kg", "producer", "zalo", moment(18, 11, 16, 20)),
    ),
    papers=(Paper("VietGAP", "VG-26-0117", "Trung tâm Chứng nhận Tây Bắc", date(2027, 8, 31)),),
    stars=Stars(4, "1187/QĐ-UBND", date(2028, 6, 30)),
    declared=("không dùng chất bảo quản sau thu hoạch",),
    brand="Suối Mây",
    story="Vườn cam trên đồi Nà Chiếu, cắt sáng sớm, đóng túi trong ngày.",
    warnings="Không dùng quả đã dập, mốc.",
    storage="Để nơi thoáng mát 7 ngày, ngăn mát 2 tuần.",
    pack="túi lưới 5 kg",
    amount="120 kg",
    shelf_life_days=14,
    price_since=date(2026, 11, 1),
    last_spray_days=67,
    sold_on=None,
    asks_pin=False,
    pin_right_at=None,
    doors=DOORS,
)


def bare(stamp: Stamp, **known: Any) -> Passport:
    """A passport of which nothing is known but the stamp and the seller's name."""
    empty = Passport(
        stamp=stamp,
        seller=Seller(stamp.seller, "HTX Suối Mây", "", "", "", "", "", ""),
        place=Place("", "", "", "", None),
        stages=(),
        papers=(),
        stars=None,
        declared=(),
        brand="",
        story="",
        warnings="",
        storage="",
        pack="",
        amount="",
        shelf_life_days=None,
        price_since=None,
        last_spray_days=None,
        sold_on=None,
        asks_pin=False,
        pin_right_at=None,
        doors=Doors("", ""),
    )
    return replace(empty, **known)


def in_state(state: str, passport: Passport = FULL, **stamp: Any) -> Passport:
    """The same, in another state."""
    return replace(passport, stamp=replace(passport.stamp, state=state, **stamp))


PASSPORTS = (
    FULL,
    bare(NOODLES, seller=SELLER),
    bare(HONEY, seller=SELLER, asks_pin=True),
)
