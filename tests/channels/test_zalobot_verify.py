"""Who knows the secret, and who does not."""

import pytest

from handlers.channels.zalobot.verify import known

SECRET, BEFORE = "bi-mat-cua-bot", "bi-mat-truoc-do"


def test_the_secret_and_during_a_rotation_the_one_before_are_known() -> None:
    assert known(SECRET, [SECRET])
    assert known(BEFORE, [SECRET, BEFORE])
    assert known(SECRET, [SECRET, BEFORE])


@pytest.mark.parametrize("header", [None, "", " ", SECRET.upper(), SECRET[:-1], f"{SECRET} ", f"{SECRET}\x00", "ă" * 8])
def test_anything_else_is_not(header: str | None) -> None:
    assert not known(header, [SECRET, BEFORE])


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
@pytest.mark.parametrize("header", [None, "", SECRET])
def test_without_a_secret_nobody_is_known(header: str | None, secrets: list[str]) -> None:
    assert not known(header, secrets)


def test_a_secret_with_vietnamese_letters_comes_as_its_bytes() -> None:
    assert known("bí mật của bot".encode().decode("latin-1"), ["bí mật của bot"])
