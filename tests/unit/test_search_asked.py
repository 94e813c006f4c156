"""Searching for what nobody could foresee: every kind of typing over a shelf of farm goods, and hostile texts."""

import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.asked import Lexicon, asked, slip
from catalog.search import Entry, Index

CAM, SANH, DUA, DUA_HAU, DUA_KHO, DUA_GANG, ST25, RI6, BO, BO_034, MAT, HEO, CA_PHE, HOA = range(1, 15)
SHELF = Index(
    [
        Entry(CAM, "Cam"),
        Entry(SANH, "Cam sành", ("king orange",)),
        Entry(DUA, "Dừa"),
        Entry(DUA_HAU, "Dưa hấu", ("watermelon",)),
        Entry(DUA_KHO, "Dừa khô"),
        Entry(DUA_GANG, "Dưa"),
        Entry(ST25, "Gạo ST25"),
        Entry(RI6, "Sầu riêng Ri6"),
        Entry(BO, "Thịt bò", ("bò",)),
        Entry(BO_034, "Bơ 034", ("bơ",)),
        Entry(MAT, "Mật ong hoa nhãn", ("mật ong",)),
        Entry(HEO, "Thịt lợn", ("thịt heo", "heo")),
        Entry(CA_PHE, "Cà phê bột", ("cafe bột",)),
        Entry(HOA, "Hoa hoè"),
    ]
)


def sure(words: str, shelf: Index = SHELF) -> list[int]:
    return [product_id for product_id, score in shelf.search(words) if score >= 80]


@pytest.mark.parametrize(
    ("words", "product_id"),
    [
        ("cam sanhf", SANH),
        ("camr sanhf", SANH),
        ("daf laf", None),
        ("thitj bof", BO),
        ("thjt heo", HEO),
        ("thit lon", HEO),
        ("ka fe bot", CA_PHE),
        ("caphebot", CA_PHE),
        ("càphêbột", CA_PHE),
        ("matong", MAT),
        ("sanh cam", SANH),
        ("dua hua", DUA_HAU),
        ("wattermelon", DUA_HAU),
        ("gao st25", ST25),
        ("gạo ST 25", ST25),
        ("st25", None),
        ("sau rieng ri6", RI6),
        ("sầu riêng RI6", RI6),
        ("bo 034", BO_034),
        ("bơ 034", BO_034),
        ("HOA HÒE", HOA),
        ("ca\u0300 phe\u0302 bo\u0323\u0302t", CA_PHE),
    ],
)
def test_a_product_is_meant_in_every_way_of_typing(words: str, product_id: int | None) -> None:
    assert sure(words)[:1] == ([product_id] if product_id else [])


@pytest.mark.parametrize(
    ("words", "other"),
    [("dừa", DUA_GANG), ("dưa", DUA), ("duwaf", DUA_GANG), ("bơ", BO), ("gạo st24", ST25), ("bơ 035", BO_034)],
)
def test_other_marks_and_other_digits_are_another_product(words: str, other: int) -> None:
    assert other not in sure(words)


def test_a_tie_without_marks_stays_within_two_points_of_each_other() -> None:
    found = dict(SHELF.search("dua"))
    assert found[DUA] == found[DUA_GANG] == 100
    assert abs(dict(SHELF.search("bo"))[BO] - dict(SHELF.search("bo"))[BO_034]) <= 2


@pytest.mark.parametrize(
    ("words", "product_id"),
    [
        ("cho em 2 ký cam sành với ạ", SANH),
        ("cho em 2 ky cam sanh voi a", SANH),
        ("bên mình còn dưa hấu không shop", DUA_HAU),
        ("ben minh con dua hau khong shop", DUA_HAU),
        ("bán cho bà ít dừa khô nha cháu", DUA_KHO),
        ("shop ơi mật ong giá sao", MAT),
        ("lay 5kg gao st25 giao chieu nay", ST25),
    ],
)
def test_a_name_inside_a_sentence_comes_first(words: str, product_id: int) -> None:
    assert SHELF.search(words)[0][0] == product_id


@pytest.mark.parametrize(
    "words",
    [
        "gas",
        "his",
        "xoa",
        "beer",
        "điện thoại",
        "xe máy",
        "cảm ơn",
        "cam kết",
        "dứa",
        "34",
        "🥭🥭🥭",
        "👍🏽",
        "…",
        "\u200b",
        "con",
    ],
)
def test_what_is_no_name_is_not_claimed(words: str) -> None:
    assert (
        sure(words, Index([Entry(1, "Cam"), Entry(2, "Gà"), Entry(3, "Bê"), Entry(4, "Dừa"), Entry(5, "Bơ 034")])) == []
    )


@pytest.mark.parametrize("text", ["cam", "x", "cam sành ", "dua", "🍊", "ạ", "\u0301", "1 2 ", "thjt", "ow", "_"])
def test_ten_thousand_characters_are_cut_to_eighty(text: str) -> None:
    long = text * (10_000 // len(text))
    assert SHELF.search(long) == SHELF.search(long[:320])
    assert SHELF.search("cam" + " " * 77 + long) == SHELF.search("cam")


@given(st.text() | st.text(alphabet=string.ascii_lowercase + " ơưđàạ25", max_size=100), st.integers(1, 6))
def test_any_text_is_answered_in_order_and_within_bounds(words: str, limit: int) -> None:
    """Any script and length: letters of every alphabet, marks without letters, digits, emoji, control signs."""
    found = SHELF.search(words, limit)
    scores = [score for _, score in found]
    assert len(found) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)
    assert len({product_id for product_id, _ in found}) == len(found)
    assert SHELF.search(words, limit) == found


@given(
    st.lists(st.builds(Entry, st.integers(0, 9), st.text(max_size=20), st.tuples(st.text(max_size=9))), max_size=5),
    st.text(),
)
def test_any_shelf_can_be_searched_for_its_own_names(entries: list[Entry], words: str) -> None:
    """Names of any script, without letters, empty, twice the same."""
    index = Index(entries)
    assert {product_id for product_id, _ in index.search(words)} <= {entry.product_id for entry in entries}


def test_equal_goods_come_in_the_order_of_their_ids_however_they_were_given() -> None:
    entries = [Entry(number, "Cam sành") for number in (3, 1, 2, 5, 4)]
    wanted = [(1, 100.0), (2, 100.0), (3, 100.0), (4, 100.0)]
    assert Index(entries).search("cam sanh") == Index(reversed(entries)).search("cam sanh") == wanted


def test_a_shelf_of_one_and_a_shelf_of_nameless_goods() -> None:
    assert Index([Entry(7, "Cam sành")]).search("cam sanh") == [(7, 100.0)]
    assert Index([Entry(7, "🍊", ("", "…"))]).search("🍊") == []


def test_a_name_is_found_among_a_thousand_of_its_own_family() -> None:
    family = [Entry(number, f"Cam sành {number} loại {number % 3}") for number in range(1000)]
    index = Index([*family, Entry(5000, "Cam sành"), Entry(5001, "Cam sành Hà Giang")])
    assert index.search("cam sanh")[0] == (5000, 100.0)
    assert index.search("cam snah ha giang")[0][0] == 5001
    assert index.search("sành cam")[0][0] == 5000


LEXICON = Lexicon.shipped()


def test_nearly_all_of_what_people_might_type_finds_the_product() -> None:
    """Another seed than the one that set the weights; the bars are those of `python -m bench.searching`."""
    part = LEXICON.part(Random(7), 570)
    questions = asked(part, Random(7), 1500)
    index = Index(part.entries())
    found = [[product_id for product_id, _ in index.search(question.words)] for question in questions]
    pairs = list(zip(questions, found, strict=True))
    assert len(pairs) == 1500
    assert sum(bool(ids) and ids[0] in question.meant for question, ids in pairs) >= 0.98 * 1500
    assert sum(not question.meant.isdisjoint(ids[:3]) for question, ids in pairs) >= 0.99 * 1500


def test_questions_are_the_same_for_the_same_seed_and_of_every_kind() -> None:
    questions = asked(LEXICON, Random(3), 500)
    assert questions == asked(LEXICON, Random(3), 500)
    assert len(questions) == 500
    assert len({question.kind for question in questions}) == 11
    assert all(question.meant for question in questions)


def test_a_slip_is_one_letter_typed_wrong_left_out_or_too_many() -> None:
    chance = Random(1)
    lengths = {len(slip("cam sành", chance)) - len("cam sành") for _ in range(200)}
    assert lengths == {-1, 0, 1}
