"""The words for staff: for every reason and every trouble, in every language, and they say what can be done."""

import pytest

from bot.i18n import LANGUAGES
from bot.plain import SUBSCRIPTION, TROUBLE, WHY, plain, troubled
from bot.reply import Reason

NAME = "HTX Suối Mây (388613280878808645)"


def test_there_are_two_languages_to_look_at() -> None:
    assert {"vi", "en"} <= set(LANGUAGES)


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_reason_has_words_of_its_own_in_both_languages(reason: Reason) -> None:
    vietnamese, english = plain(reason, "vi"), plain(reason, "en")

    assert english == WHY[reason].msgid
    assert vietnamese not in {"", english}
    assert "%(" not in vietnamese + english
    assert vietnamese[-1] == english[-1] == "."


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_two_reasons_say_the_same(language: str) -> None:
    assert len({plain(reason, language) for reason in Reason}) == len(Reason)


@pytest.mark.parametrize(("channel", "trouble"), TROUBLE, ids=str)
def test_every_trouble_of_an_account_names_it_in_both_languages(channel: str, trouble: str) -> None:
    vietnamese, english = (troubled(channel, trouble, NAME, language) for language in ("vi", "en"))

    assert NAME in vietnamese
    assert NAME in english
    assert vietnamese != english
    assert "%(" not in vietnamese + english


@pytest.mark.parametrize("channel", ["messenger", "zalo", "zalobot"])
@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_a_trouble_without_words_of_its_own_is_told_by_its_reason(channel: str, reason: Reason) -> None:
    for language in ("vi", "en"):
        told = troubled(channel, reason, NAME, language)

        assert NAME in told
        if (channel, reason) not in TROUBLE:
            assert told == f"{channel} {NAME}: {plain(reason, language)}"


def test_a_page_that_passes_nothing_on_has_words_and_no_reason() -> None:
    assert SUBSCRIPTION not in set(Reason)
    assert ("messenger", SUBSCRIPTION) in TROUBLE
