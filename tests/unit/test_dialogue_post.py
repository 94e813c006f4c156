"""Putting goods on sale: what is asked, what is read back, and that nothing is saved without a yes."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.dialogue import Heard
from bot.dialogues.post import post
from bot.effect import Say
from bot.event import Back, Change, Number, Other, Photo, Pick, Sticker, Text
from catalog.acts import Refused
from catalog.acts.offer import PostOffers
from catalog.acts.person import OpenCase
from tests.fakes import FakePerson
from tests.unit.producer import Talk

C2 = "mai co 50 can cam 25 nghin, 3 chuc trung"
TODAY = date(2026, 11, 21)


def item(talk: Talk, short: str) -> int:
    return next(product.id for product in talk.shop.products if product.record.short_vi == short)


def posted(talk: Talk) -> list[tuple[str, Decimal, int, date]]:
    """What her commands put on sale: short name, amount, price to her, day."""
    names = {product.id: product.record.short_vi for product in talk.shop.products}
    commands = [command for command in talk.done if isinstance(command, PostOffers)]
    return [
        (names[line.product_id], line.quantity, line.price_vnd, line.available_from)
        for command in commands
        for line in command.items
    ]


# In one sentence


def test_one_sentence_is_read_back_line_by_line_and_saved_by_her_yes() -> None:
    talk = Talk()
    assert talk.open("post_stock", C2) == (
        "Cháu ghi:\n🍊 Cam 50 kg – 25.000đ/kg – có ngày mai 22/11\n"
        "🥚 Trứng 3 chục (30 quả) – giá cũ 40.000đ/chục\nĐúng không bác?"
    )
    assert talk.buttons == ["Đúng, đăng bán", "Sửa", "Thôi"]
    assert talk.said[-1].weighty
    assert talk.done == []
    assert talk.pick("yes") == (
        "Đăng rồi bác ạ. Khách thấy cam giá 28.000đ (gồm 3.000đ công HTX). Ghi nhầm thì bác gõ: lại"
    )
    assert talk.buttons == ["Xem hàng của tôi", "Xong"]
    assert posted(talk) == [
        ("cam", Decimal(50), 25_000, TODAY + timedelta(days=1)),
        ("trứng", Decimal(3), 40_000, TODAY),
    ]


def test_the_draft_keeps_one_id_however_often_it_is_amended() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    draft_id = talk.state.draft.id
    talk.type("cam 60 can")
    talk.pick("yes")
    assert [command.draft_id for command in talk.done if isinstance(command, PostOffers)] == [draft_id]


@pytest.mark.parametrize(
    ("words", "quantity", "price"),
    [
        ("5 yen cam 25 nghin", 50, 25_000),
        ("nua ta cam hai lam nghin", 50, 25_000),
        ("cam 20 kg 25k", 20, 25_000),
        ("ban 20 can cam", 20, 25_000),
    ],
)
def test_amounts_and_prices_come_in_many_words(words: str, quantity: int, price: int) -> None:
    talk = Talk()
    talk.open("post_stock", words)
    talk.pick("yes")
    assert posted(talk) == [("cam", Decimal(quantity), price, TODAY)]


def test_eggs_by_the_piece_are_counted_and_priced_in_their_own_unit() -> None:
    talk = Talk()
    assert "🥚 Trứng 3 chục (30 quả) – 50.000đ/chục" in talk.open("post_stock", "30 qua trung 5 nghin 1 qua")


def test_what_she_says_about_the_same_draft_goes_over_it() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    assert "🍊 Cam 15 kg – 25.000đ/kg – có ngày mai 22/11\n🥚 Trứng" in talk.type("cam 15 can thoi")
    assert "🍊 Cam 15 kg – 28.000đ/kg" in talk.open("post_stock", "cam 28 nghin")


def test_a_lone_line_is_amended_without_its_name() -> None:
    talk = Talk()
    talk.open("post_stock", "ban 50 can cam")
    assert "🍊 Cam 15 kg – giá cũ 25.000đ/kg" in talk.type("15 can thoi")
    assert "🍊 Cam 15 kg – 28.000đ/kg" in talk.type("28 nghin")


def test_a_line_can_be_picked_and_changed() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    assert talk.pick("no") == "Bác sửa món nào ạ?"
    assert talk.buttons == ["🍊 Cam", "🥚 Trứng", "Bắt đầu lại"]
    talk.pick("line", "1")
    assert talk.buttons == ["Số lượng", "Giá", "Bắt đầu lại"]
    assert talk.pick("amount") == "🥚 Trứng có bao nhiêu chục ạ? Bác gõ số thôi."
    assert "🥚 Trứng 4 chục (40 quả)" in talk.hear(Number(Decimal(4)))


def test_more_than_five_goods_at_once_are_too_many_to_check() -> None:
    talk = Talk()
    said = talk.open(
        "post_stock", "cam 1 kg, trung 1 chuc, mat ong 1 chai, buoi 1 qua, mang kho 1 goi, mien dong 1 goi"
    )
    assert said.startswith("Mỗi lần cháu ghi được 5 món.")
    assert len(talk.state.draft.lines) == 5


def test_saying_never_mind_saves_nothing() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    talk.pick("stop")
    assert (talk.state, talk.done) == (None, [])


def test_a_refusal_of_the_co_op_is_told_kindly() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    assert "vẫn như cũ" in talk.hear(Refused())
    assert talk.state is None


# Which goods


def test_a_name_that_nobody_can_mean_is_cut_where_it_is_read_back() -> None:
    told = Talk().open("post_stock", f"có 33 tạ cam 1{'0' * 120}")
    assert told.startswith(f"Cháu ghi: cam 1{'0' * 55} 3.300 kg.")


def test_goods_that_the_co_op_does_not_sell_are_passed_on_only_with_her_yes() -> None:
    talk = Talk()
    told = talk.open("post_stock", "ban 200 qua sau rieng 80k")
    assert told.startswith("Cháu ghi: sau rieng 200 quả – 80.000đ/quả. HTX Suối Mây chưa có món này trong sổ.")
    assert talk.done == []
    talk.pick("yes")
    assert talk.done == [OpenCase("new goods", note="sau rieng 200 quả, 80000đ/quả")]
    assert talk.state is None


def test_goods_that_others_grow_have_no_last_price_and_it_is_asked() -> None:
    talk = Talk()
    assert talk.open("post_stock", "ban 5 chai mat ong") == "Giá mật bao nhiêu 1 chai ạ? Bác gõ số thôi."
    assert "🍯 Mật 5 chai – 171.000đ/chai" in talk.hear(Number(Decimal(171)))


def test_an_amount_without_goods_asks_which() -> None:
    talk = Talk()
    assert talk.open("post_stock", "ban").startswith("Bác bán gì ạ?\n1. 🍊 Cam")


# Step by step


def test_numbers_alone_lead_through_the_steps() -> None:
    talk = Talk()
    assert talk.open("start") == "Bác bán gì ạ?\n1. 🍊 Cam\n2. 🥚 Trứng gà\n3. Món khác"
    assert talk.buttons == ["Cam", "Trứng gà", "Món khác"]
    assert not talk.said[-1].items
    assert talk.pick("goods", str(item(talk, "cam"))) == "Có bao nhiêu cân ạ? Bác gõ số thôi."
    assert talk.said[-1].expects == "number"
    assert talk.hear(Number(Decimal(50))) == "Vẫn 25 nghìn 1 cân như lần trước ạ?"
    assert talk.buttons == ["Vẫn 25 nghìn", "Giá khác"]
    assert talk.pick("yes") == "🍊 Cam 50 kg, 25 nghìn 1 cân. Đúng không bác?"
    assert talk.buttons == ["Đúng, đăng bán", "Sửa", "Thôi"]
    talk.pick("yes")
    assert posted(talk) == [("cam", Decimal(50), 25_000, TODAY)]


def test_each_step_takes_words_too() -> None:
    talk = Talk()
    talk.open("start")
    assert talk.type("trung") == "Có bao nhiêu chục ạ? Bác gõ số thôi."
    assert talk.type("50 qua") == "Vẫn 40 nghìn 1 chục như lần trước ạ?"
    assert talk.type("42 nghin") == "🥚 Trứng 5 chục, 42 nghìn 1 chục. Đúng không bác?"


def test_something_else_is_named_by_her() -> None:
    talk = Talk()
    talk.open("start")
    talk.pick("other")
    assert talk.type("buoi") == "Có bao nhiêu quả ạ? Bác gõ số thôi."
    assert talk.hear(Number(Decimal(60))) == "Giá bưởi bao nhiêu 1 quả ạ? Bác gõ số thôi."
    assert talk.hear(Number(Decimal("33.25"))) == "🍈 Bưởi 60 quả, 33.250đ 1 quả. Đúng không bác?"


def test_more_than_anybody_has_is_said_back_and_asked_for_again() -> None:
    talk = Talk()
    talk.open("start")
    talk.pick("goods", str(item(talk, "cam")))
    before = talk.state
    assert talk.hear(Number(Decimal(1_000_000))) == "1.000.000 kg ạ? Bác xem lại giúp cháu."
    assert talk.type("99999 tấn") == "99999 tấn = 99.999.000 kg ạ? Bác xem lại giúp cháu."
    assert talk.state == before


@pytest.mark.parametrize("quantity", ["0", "0.05"])
def test_an_amount_that_nobody_sells_is_asked_for_again(quantity: str) -> None:
    talk = Talk()
    talk.open("start")
    talk.pick("goods", str(item(talk, "cam")))
    before = talk.state
    assert talk.hear(Number(Decimal(quantity))) == "Bác gõ giúp cháu số cân thôi ạ, ví dụ: 20"
    assert talk.state == before


# Prices that may be a slip


def test_a_price_ten_times_the_last_one_is_asked_about_never_guessed() -> None:
    talk = Talk()
    assert talk.open("post_stock", "cam 20 kg 280 nghin") == (
        "Bác muốn giá cam bao nhiêu 1 cân ạ? Giá bây giờ là 25 nghìn."
    )
    assert talk.buttons == ["28 nghìn", "280 nghìn", "Giá khác"]
    assert "28.000đ/kg" in talk.type("28")


def test_a_price_that_she_insists_on_is_taken() -> None:
    talk = Talk()
    talk.open("post_stock", "cam 20 kg 280 nghin")
    assert "280.000đ/kg" in talk.pick("price", "280000")


@pytest.mark.parametrize(("price", "asked"), [("12", True), ("13", False), ("50", False), ("51", True)])
def test_under_half_and_over_double_are_asked_about(price: str, asked: bool) -> None:
    talk = Talk()
    said = talk.open("post_stock", f"cam 20 kg {price} nghin")
    assert ("Giá bây giờ là 25 nghìn." in said) is asked


# Coming back


def test_a_number_after_three_days_is_understood_where_it_belongs_and_asked_about() -> None:
    talk = Talk()
    talk.shop.now -= timedelta(days=2)  # Thursday
    talk.open("start")
    talk.pick("goods", str(item(talk, "cam")))
    talk.shop.now += timedelta(days=3)
    assert post.welcome_back is not None
    talk.state, said = post.welcome_back(talk.state, Number(Decimal(50)), talk.ports)
    talk.said = [bubble for bubble in said if isinstance(bubble, Say)]
    assert talk.state.quantity == Decimal(50)
    assert talk.buttons == ["Đúng, 50 cân cam", "Không phải", "Bắt đầu lại"]
    assert talk.hear(Sticker("1")) == (
        "Cháu chào bác Mến! Hôm thứ Năm bác đang báo bán cam. Bác có 50 cân cam phải không ạ?"
    )
    assert talk.pick("yes") == "Vẫn 25 nghìn 1 cân như lần trước ạ?"


def test_a_late_yes_saves_nothing() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    talk.shop.now += timedelta(days=3)
    assert post.welcome_back is not None
    state, said = post.welcome_back(talk.state, Pick("yes"), talk.ports)
    assert type(state).__name__ == "Returning"
    assert [type(effect).__name__ for effect in said] == ["Say"]


def test_a_day_that_has_passed_since_is_today() -> None:
    talk = Talk()
    talk.open("post_stock", C2)
    talk.shop.now += timedelta(days=3)
    talk.pick("yes")
    assert {day for *_, day in posted(talk)} == {TODAY + timedelta(days=3)}


def test_a_posting_that_is_under_way_is_taken_up_again() -> None:
    talk = Talk()
    talk.open("start")
    talk.pick("goods", str(item(talk, "cam")))
    assert talk.open("start") == "Có bao nhiêu cân ạ? Bác gõ số thôi."
    talk.shop.now += timedelta(days=1)
    assert talk.open("start") == "Cháu chào bác Mến! Hôm thứ Bảy bác đang báo bán cam. Mình báo tiếp nhé?"


# Whoever is not a producer


def test_who_was_not_invited_is_told_how_kindly() -> None:
    talk = Talk(code="")
    for name in ("start", "post_stock", "update_stock", "update_price"):
        assert "mã mời" in talk.open(name, C2)
        assert (talk.state, talk.done) == (None, [])


# Every state and every event


def states(talk: Talk) -> list[object]:
    """One of each state, as her talk comes to it."""
    cam = str(item(talk, "cam"))
    walks: list[list[Heard]] = [
        [],
        [Pick("goods", cam)],
        [Pick("other")],
        [Pick("other"), Text("sau rieng")],
        [Pick("goods", cam), Number(Decimal(5))],
        [Pick("goods", cam), Number(Decimal(5)), Pick("no")],
        [Pick("goods", cam), Number(Decimal(5)), Text("280")],
        [Pick("goods", cam), Number(Decimal(5)), Pick("yes")],
        [Pick("goods", cam), Number(Decimal(5)), Pick("yes"), Change()],
        [Pick("goods", cam), Number(Decimal(5)), Pick("yes"), Pick("yes")],
        [Pick("goods", cam), Number(Decimal(5)), Pick("yes"), Pick("yes"), Text("3 can thoi")],
        [Pick("goods", cam), Number(Decimal(5)), Pick("yes"), Pick("yes"), Back()],
    ]
    found = []
    for walk in walks:
        talk.state = None
        talk.open("start")
        for heard in walk:
            talk.hear(heard)
        found.append(talk.state)
    talk.state = None
    talk.open("post_stock", "tuần sau có 20kg cam 25k")
    found.append(talk.state)
    assert post.welcome_back is not None
    found.append(post.welcome_back(found[1], Number(Decimal(5)), talk.ports)[0])
    for words, slots in (
        ("cam len 280", {"product": "cam"}),
        ("cam 28 nghin", {"product": "cam", "price_vnd": 28_000}),
    ):
        talk.state = None
        talk.open("update_price", words, **slots)
        found.append(talk.state)
    return found


def test_every_state_is_reached() -> None:
    assert {type(state).__name__ for state in states(Talk())} == set(post.states)


HEARD: list[Heard] = [
    Text("troi mua ko"),
    Text("28"),
    Text("15 can thoi"),
    Text("co 5 can buoi 30 nghin"),
    Text("👍"),
    Text(""),
    Number(Decimal(0)),
    Number(Decimal(5)),
    Number(Decimal("0.001")),
    Pick("yes"),
    Pick("no"),
    Pick("stop"),
    Pick("other"),
    Pick("never heard of"),
    Back(),
    Change(),
    Photo(("https://example.org/1.jpg",)),
    Sticker("369"),
    Other("file"),
    Refused(),
]


@pytest.mark.parametrize("heard", HEARD, ids=repr)
def test_every_state_answers_whatever_it_hears(heard: Heard) -> None:
    talk = Talk()
    for state in states(talk):
        talk.state = state
        assert talk.hear(heard), (state, heard)
        assert all(len(bubble.choices) <= 3 for bubble in talk.said)
        if talk.said[-1].choices:
            assert all(len(title) <= 20 for title in talk.buttons)
        if post.welcome_back is not None:
            _, effects = post.welcome_back(state, heard, talk.ports)
            assert effects


def test_nothing_is_written_without_a_yes() -> None:
    talk = Talk()
    reached = states(talk)
    for heard in HEARD:
        if heard == Pick("yes"):
            continue
        for state in reached:
            talk.done.clear()
            talk.state = state
            talk.hear(heard)
            assert talk.done == [], (state, heard)


def test_the_words_are_few_enough_for_an_elder() -> None:
    talk = Talk()
    for state in states(talk):
        talk.state = state
        said = talk.hear(Other("file"))
        assert len(said) <= 300
        assert len(said.replace("\n", " ").split()) <= 40


def test_somebody_who_never_posted_names_her_goods() -> None:
    talk = Talk()
    talk.ports.person = FakePerson(999, role="producer", given_name="Hoa", you="cô/chú")
    assert talk.open("start") == "Cô/chú nhắn tên món và số lượng giúp cháu, ví dụ: cam 20 kg."
    assert talk.type("cam 20 kg") == "Giá cam bao nhiêu 1 cân ạ? Cô/chú gõ số thôi."


def test_a_first_price_far_from_what_others_get_is_asked_about() -> None:
    talk = Talk()
    talk.open("post_stock", "mat ong 5 chai 17 nghin")
    assert talk.buttons == ["17 nghìn", "170 nghìn", "Giá khác"]
    talk.pick("price", "170000")
    talk.pick("yes")
    assert posted(talk) == [("mật", Decimal(5), 170_000, TODAY)]
    assert talk.shop.product(item(talk, "mật")).price_vnd == 180_000  # type: ignore[union-attr]


def test_the_price_that_customers_see_is_told_where_it_is_not_hers_with_the_fee() -> None:
    talk = Talk()
    talk.open("post_stock", "mat ong 5 chai 160 nghin")
    assert talk.pick("yes") == "Đăng rồi bác ạ. Khách thấy mật giá 180.000đ. Ghi nhầm thì bác gõ: lại"


def test_nothing_at_all_is_asked_for_again() -> None:
    talk = Talk()
    talk.open("post_stock", "ban cam")
    state = talk.state
    assert talk.hear(Number(Decimal(0))) == "Bác gõ giúp cháu số cân thôi ạ, ví dụ: 20"
    assert talk.state == state


def test_a_day_that_is_not_understood_is_asked_for_before_anything_is_on_sale() -> None:
    talk = Talk()
    asked = talk.open("post_stock", "tuần sau có 20kg cam 25k")
    assert asked == 'Cháu chưa rõ "tuần sau" là ngày nào. Ngày nào có cam ạ? Bác gõ ngày, ví dụ: 25/12.'
    assert talk.buttons == ["Hôm nay", "Ngày mai"]
    assert talk.type("mai mốt") == asked
    talk.type("25/12")
    talk.pick("yes")
    assert posted(talk) == [("cam", Decimal(20), 25_000, date(2026, 12, 25))]


def test_today_and_tomorrow_are_buttons_for_the_day() -> None:
    for pressed, day in (("today", TODAY), ("tomorrow", TODAY + timedelta(days=1))):
        talk = Talk()
        talk.open("post_stock", "tuần sau có 20kg cam 25k")
        talk.pick(pressed)
        talk.pick("yes")
        assert posted(talk) == [("cam", Decimal(20), 25_000, day)]


# By the moon


@pytest.mark.parametrize(
    ("typed", "told", "day"),
    [
        ("rằm này có 20kg cam 25k", "có từ 23/11 (rằm tháng 10 âm lịch)", date(2026, 11, 23)),
        ("mùng 1 tháng sau có 20 kg cam 25k", "có từ 09/12 (1/11 âm lịch)", date(2026, 12, 9)),
        ("rằm tháng giêng có 20 kg cam 25k", "có từ 20/02 (rằm tháng 1 âm lịch)", date(2027, 2, 20)),
    ],
)
def test_a_lunar_day_is_read_back_in_both_calendars(typed: str, told: str, day: date) -> None:
    talk = Talk()
    assert talk.open("post_stock", typed) == f"Cháu ghi:\n🍊 Cam 20 kg – 25.000đ/kg – {told}\nĐúng không bác?"
    talk.pick("yes")
    assert posted(talk) == [("cam", Decimal(20), 25_000, day)]


def test_a_lunar_day_may_answer_from_which_day() -> None:
    talk = Talk()
    talk.open("post_stock", "tuần sau có 20kg cam 25k")
    assert "có từ 23/11 (rằm tháng 10 âm lịch)" in talk.type("rằm")


def test_another_day_takes_the_lunar_one_with_it() -> None:
    talk = Talk()
    talk.open("post_stock", "rằm này có 20kg cam 25k")
    assert "có từ 23/11 (rằm tháng 10 âm lịch)" in talk.type("cam 30 kg")
    assert "có từ thứ Tư 25/11\n" in talk.type("cam 30 kg có từ 25/11")


def test_a_lunar_day_that_is_today_is_no_day_to_wait_for() -> None:
    talk = Talk()
    assert "âm lịch" not in talk.open("post_stock", "13/10 âm lịch có 20kg cam 25k")
    talk.pick("yes")
    assert posted(talk) == [("cam", Decimal(20), 25_000, TODAY)]
