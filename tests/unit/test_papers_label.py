"""What a label keeps, in which size, and what it refuses."""

from dataclasses import replace
from itertools import pairwise, product

import pytest

from handlers.papers.fitting import LEAST_X_HEIGHT
from handlers.papers.geometry import SHEETS, Geometry, geometry_of
from handlers.papers.label import DoesNotFit, Drawn, Stamp, lay_out
from handlers.papers.typeface import X_HEIGHT, ink_of, printable, width_of
from tests.unit.paper import ORANGES

FIELDS = ("product", "best_before", "lot", "coop", "invite")
SECRET = replace(ORANGES, pin="112233")


def label(width: float, height: float, dpi: int = 300) -> Geometry:
    """One label in the middle of its paper."""
    return Geometry("one", (width + 20, height + 20), 1, 1, (width, height), (width, height), (10, 10), dpi)


def texts(drawn: Drawn) -> list[str]:
    return [line.text for line in drawn.lines]


@pytest.mark.parametrize("damp", [False, True])
@pytest.mark.parametrize("stamp", [ORANGES, SECRET], ids=["plain", "with a PIN"])
@pytest.mark.parametrize("name", SHEETS)
def test_everything_stays_inside_the_label_and_off_the_quiet_zone(name: str, stamp: Stamp, damp: bool) -> None:
    geometry = SHEETS[name]
    if (name, stamp) == ("80", SECRET):
        return
    drawn = lay_out(stamp, geometry, damp=damp, sample=True)
    width, height = geometry.label
    quiet = 4 * drawn.module
    left, top, side = drawn.x - quiet, drawn.y - quiet, drawn.side * drawn.module + 2 * quiet

    assert min(left, top) > -0.001
    assert left + side < width + 0.001
    assert top + side < height + 0.001
    assert drawn.pale is not None
    for line in (*drawn.lines, drawn.pale):
        over, under = (reach * line.size for reach in ink_of(line.text, line.bold))
        right = line.x + width_of(line.text, line.bold) * line.size
        assert 0.99 < line.x < right < width - 0.99
        assert 0.99 < line.y - over < line.y + under < height - 0.99
        assert line.x > left + side - 0.001 or line.y - over > top + side - 0.001
        assert line.size * X_HEIGHT >= LEAST_X_HEIGHT - 0.001


@pytest.mark.parametrize("name", SHEETS)
def test_lines_do_not_touch_each_other(name: str) -> None:
    drawn = lay_out(replace(ORANGES, product="Ẵậ Ẵậ Ẵậ", coop="Ẵậ HTX Ẵậ"), SHEETS[name])

    for upper, lower in pairwise(sorted(drawn.lines, key=lambda line: line.y)):
        assert upper.y + ink_of(upper.text, upper.bold)[1] * upper.size < (
            lower.y - ink_of(lower.text, lower.bold)[0] * lower.size
        )


@pytest.mark.parametrize("dpi", [203, 300])
def test_fields_drop_from_the_last_one_as_a_label_shrinks(dpi: int) -> None:
    """And never a field before one that is kept."""
    heights, widths = (19, 20, 22, 24, 30), (29.6, 30, 32, 34, 38, 46)
    seen = {size: lay_out(ORANGES, label(*size, dpi)).kept for size in product(widths, heights)}

    assert all(kept == FIELDS[: len(kept)] for kept in seen.values())
    assert {len(kept) for kept in seen.values()} >= {2, 3, 4, 5}
    assert (seen[29.6, 19], seen[46, 30]) == (FIELDS[: 1 if dpi == 203 else 3], FIELDS)


def test_with_room_for_nothing_else_the_code_stays() -> None:
    assert lay_out(ORANGES, label(28.5, 30, 203)).kept == ()


def test_an_empty_field_leaves_no_gap() -> None:
    without = lay_out(replace(ORANGES, lot="", best_before=" "), SHEETS["24"])

    assert without.kept == ("product", "coop", "invite")
    assert "" not in texts(without)


def test_the_code_stands_in_groups_of_four() -> None:
    assert "4839 2017 6504" in texts(lay_out(ORANGES, SHEETS["65"]))
    assert texts(lay_out(ORANGES, SHEETS["80"]))[1:4] == ["4839", "2017", "6504"]


def test_a_long_product_takes_two_lines_before_it_is_shortened() -> None:
    drawn = lay_out(replace(ORANGES, product="Cam sành loại 1 vườn đồi Mường Thàng"), SHEETS["24"])

    assert texts(drawn)[:2] == ["Cam sành loại 1 vườn", "đồi Mường Thàng"]


def test_a_product_of_200_letters_is_shortened_and_the_rest_stays() -> None:
    name = ("Mật ong rừng nguyên chất của bà con " * 6)[:200]
    drawn = lay_out(replace(ORANGES, product=name), SHEETS["65"])
    shown = [line.text for line in drawn.lines if line.bold and not line.digits]

    assert len(shown) == 2
    assert shown[1].endswith("…")
    assert name.startswith(" ".join(shown)[:-1])
    assert drawn.kept == FIELDS


def test_a_word_without_spaces_is_shortened_in_one_line() -> None:
    drawn = lay_out(replace(ORANGES, product="M" * 200), SHEETS["65"])

    assert texts(drawn)[0].startswith("MMMM")
    assert texts(drawn)[0].endswith("M…")


def test_modules_are_as_large_as_the_label_allows_and_never_below_the_least() -> None:
    sizes = [round(lay_out(ORANGES, label(side * 2, side)).module, 3) for side in (16.6, 17.6, 26, 40)]

    assert sizes == [0.423, 0.423, 0.508, 0.593]
    assert (
        round(lay_out(replace(ORANGES, url="https://suoimay.hoabinh.vn/t/483920176504"), label(34, 14.7)).module, 3)
        == 0.396
    )


def test_on_thermal_paper_every_module_begins_on_a_dot() -> None:
    for drawn in (lay_out(ORANGES, SHEETS["50x30"]), lay_out(ORANGES, label(40, 25, 203))):
        dots = [value * 203 / 25.4 for value in (drawn.x, drawn.y, drawn.module)]

        assert dots == pytest.approx([round(value) for value in dots], abs=1e-6)
        assert round(dots[2]) >= 4


def test_damp_goods_get_a_symbol_that_may_lose_a_quarter() -> None:
    url = "https://suoimay.hoabinh.vn/t/483920176504"

    assert lay_out(replace(ORANGES, url=url), SHEETS["24"]).side == 29
    assert lay_out(replace(ORANGES, url=url), SHEETS["24"], damp=True).side == 33


def test_a_pin_gets_a_field_that_a_scratch_sticker_covers() -> None:
    drawn = lay_out(SECRET, SHEETS["65"])
    assert drawn.frame is not None
    left, top, width, height = drawn.frame
    (pin,) = (line for line in drawn.lines if line.digits == "pin")

    assert (width, height) == (20, 6)
    assert pin.text == "112233"
    assert left < pin.x < left + width
    assert top < pin.y < top + height
    assert "PIN dưới lớp cào:" in texts(drawn)


def test_a_sample_says_so_and_is_pale_beneath() -> None:
    drawn = lay_out(ORANGES, SHEETS["80"], sample=True)

    assert drawn.pale is not None
    assert (texts(drawn)[0], drawn.pale.text) == ("TEM MẪU", "MẪU")


@pytest.mark.parametrize(
    ("host", "geometry", "damp", "reason"),
    [
        (
            "lienminhhtx.hoabinh.gov.vn",
            label(60, 16),
            False,
            "the address of 49 characters needs QR version 4: 41 modules × 0.396 mm = 16.3 mm, the label has 16 mm; "
            "a host name of at most 19 characters, or a larger label, fits",
        ),
        (
            "htx.vn",
            label(12, 60),
            False,
            "the address of 29 characters needs QR version 3: 37 modules × 0.396 mm = 14.7 mm, the label has 12 mm; "
            "a larger label fits",
        ),
        (
            "htx.vn",
            label(60, 17, 203),
            True,
            "the address of 29 characters needs QR version 3: 37 modules × 0.500 mm = 18.6 mm, the label has 17 mm; "
            "a larger label fits",
        ),
        (
            "htx.vn",
            geometry_of("columns=14,rows=19,label=15x15.6,pitch=15x15.6,margin=0x0"),
            False,
            "the address of 29 characters needs QR version 3: 37 modules × 0.396 mm = 14.7 mm and 4.9 mm that no "
            "printer reaches, the label has 15.6 mm; a larger label fits",
        ),
        (
            "htx.vn",
            label(20, 16),
            False,
            "a label of 20 × 16 mm has no room for the code in digits of 3.05 mm: the QR code takes 14.7 × 14.7 mm, "
            "which leaves 4.3 mm beside it and 0.3 mm under it; a larger label fits",
        ),
        (
            "h" * 210,
            SHEETS["24"],
            False,
            "the address has 233 characters, and a QR code on a stamp holds 213; a shorter host name fits",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_numbers(host: str, geometry: Geometry, damp: bool, reason: str) -> None:
    with pytest.raises(DoesNotFit) as refused:
        lay_out(replace(ORANGES, url=f"https://{host}/t/483920176504"), geometry, damp=damp)

    assert str(refused.value) == reason


def test_a_pin_without_room_is_refused_not_left_out() -> None:
    with pytest.raises(DoesNotFit) as refused:
        lay_out(SECRET, SHEETS["80"])

    assert str(refused.value) == (
        "a label of 35.6 × 16.9 mm has no room for the scratch field of 20 × 6 mm for the PIN: the QR code takes "
        "14.7 × 14.7 mm, which leaves 19.9 mm beside it and 1.2 mm under it; "
        "a larger label, or stamps without a PIN, fits"
    )


@pytest.mark.parametrize("wrong", [{"code": "4839 2017 65"}, {"code": "٤" * 12}, {"pin": "12345"}, {"pin": "abcdef"}])
def test_digits_that_are_none_are_our_own_mistake(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="digits"):
        lay_out(replace(ORANGES, **wrong), SHEETS["24"])


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Mật ong\n\t rừng", "Mật ong rừng"),
        ("M\u00e2\u0323t ong r\u01b0\u0300ng", "Mật ong rừng"),
        ("🍊 Cam 🍊", "Cam"),
        ("<b>Cam</b> & =SUM(A1) 'x\"", "<b>Cam</b> & =SUM(A1) 'x\""),
        ("Cam\ud800\x00\x1b[31m\u202e\u200b\u00ad 中文 ẵ", "Cam[31m ẵ"),
        ("１００ ｇ ǎ ﬁ", "100 g a fi"),
        ("x" * 2000, "x" * 239 + "…"),
        ("", ""),
    ],
)
def test_what_cannot_be_printed_is_left_out_of_a_text(typed: str, shown: str) -> None:
    assert printable(typed) == shown


def test_every_vietnamese_letter_can_be_printed() -> None:
    vowels = "aăâeêioôơuưy"
    letters = "".join(
        vowel + mark for vowel in vowels for mark in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    )
    shown = printable(letters + letters.upper() + "đĐ₫")

    assert len(shown) == 12 * 6 * 2 + 3
    assert all(width_of(letter, bold) > 0.2 for letter in shown for bold in (False, True))
