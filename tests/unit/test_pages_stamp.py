import pytest

from handlers.pages.stamp import code_of


@pytest.mark.parametrize(
    "typed",
    ["483920176504", "4839 2017 6504", "4839-2017-6504", " 4839.2017 6504 ", "4839 – 2017 – 6504"],
)
def test_a_code_is_read_however_it_is_spaced(typed: str) -> None:
    assert code_of(typed) == "483920176504"


@pytest.mark.parametrize("typed", ["", "48392017650", "4839201765041", "٤٨٣٩٢٠١٧٦٥٠٤", "4839 2017 650x", "1" * 10_000])
def test_anything_else_is_no_code(typed: str) -> None:
    assert code_of(typed) is None
