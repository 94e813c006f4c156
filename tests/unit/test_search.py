"""What people type finds the goods that they mean."""

import pytest

from catalog.search import Entry, Index

CAM, MAT, TRUNG, BUOI, MANG, MIEN = range(1, 7)
SHELF = Index(
    [
        Entry(CAM, "Cam sành", ("Cam sành loại 1", "cam", "King mandarin", "orange")),
        Entry(MAT, "Mật ong rừng", ("Mật ong rừng 500 ml", "mật", "mật ong", "Forest honey", "honey")),
        Entry(TRUNG, "Trứng gà đồi", ("trứng", "trứng gà", "eggs")),
        Entry(BUOI, "Bưởi đỏ", ("bưởi", "Red pomelo")),
        Entry(MANG, "Măng khô", ("Măng khô 500 g", "măng")),
        Entry(MIEN, "Miến dong", ("Miến dong 500 g", "miến")),
    ]
)


@pytest.mark.parametrize(
    ("words", "product_id"),
    [
        ("mat ogn", MAT),
        ("matong", MAT),
        ("Mật ong", MAT),
        ("ong rừng", MAT),
        ("honey", MAT),
        ("cam", CAM),
        ("CAM SANH", CAM),
        ("cam sành loại 1", CAM),
        ("trung", TRUNG),
        ("trúng gà", TRUNG),
        ("buoi do", BUOI),
        ("mang", MANG),
        ("mien dong", MIEN),
    ],
)
def test_goods_are_found_with_and_without_marks_and_with_slips(words: str, product_id: int) -> None:
    (best, score), *others = SHELF.search(words)
    assert best == product_id
    assert score >= 80
    assert all(other < score for _, other in others)


@pytest.mark.parametrize(
    "words", ["sau rieng", "sầu riêng", "gà", "cám", "cảm ơn", "hello", "co gi ban ko", "", "   ", "?!", "500 g"]
)
def test_what_is_not_there_is_not_claimed(words: str) -> None:
    assert [found for found in SHELF.search(words) if found[1] >= 80] == []


def test_marks_that_were_typed_count_and_missing_ones_do_not() -> None:
    melon, coconut = 1, 2
    shelf = Index([Entry(melon, "Dưa"), Entry(coconut, "Dừa")])
    assert [product_id for product_id, score in shelf.search("dừa") if score >= 80] == [coconut]
    assert [product_id for product_id, score in shelf.search("dưa") if score >= 80] == [melon]
    assert {product_id for product_id, score in shelf.search("dua") if score >= 80} == {melon, coconut}


def test_where_the_tone_is_put_does_not_matter() -> None:
    assert Index([Entry(1, "Hoa hoè")]).search("hoa hòe") == [(1, 100)]


def test_only_the_first_eighty_characters_count() -> None:
    assert SHELF.search("cam" + " " * 77 + "x" * 100_000) == [(CAM, 100)]


def test_at_most_as_many_as_were_asked_for() -> None:
    assert len(SHELF.search("mang", limit=1)) == 1


def test_an_empty_shelf_finds_nothing() -> None:
    assert Index([]).search("cam") == []
