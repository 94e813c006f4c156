"""What a person sees on each channel, read into replies as a talk has them."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.simulators import zalo_rules
from tests.simulators.graph_rules import Shown
from tests.transcripts.script import Reply

CHOICE = re.compile(r"  (?:[0-9]+\.|•) (.+)")


def with_files(replies: Iterable[Reply]) -> list[Reply]:
    """A file that comes as a message of its own is put below the words that it belongs to."""
    told: list[Reply] = []
    for reply in replies:
        if told and reply.file and not (reply.text or reply.card):
            told[-1] = replace(told[-1], file=reply.file, buttons=told[-1].buttons or reply.buttons)
        else:
            told.append(reply)
    return told


def in_messenger(shown: Shown) -> list[Reply]:
    """A bubble, and each card below it as one of its own."""
    if shown.file is not None:
        return [Reply("", _titles(shown.quick_replies), file=shown.file.name)]
    titles = _titles(shown.buttons + shown.quick_replies)
    cards = [Reply("", _titles(card.buttons), card_line(card.title, card.subtitle)) for card in shown.cards]
    return [*([Reply(shown.text, titles)] if shown.text else []), *cards]


def on_the_page(drawn: dict[str, Any]) -> list[Reply]:
    """What the page draws: words and choices with the one card that is about them, or a row of cards below them."""
    card = card_line(**drawn["card"]) if "card" in drawn else ""
    row = [Reply("", _offered(one), card_line(one["title"], one["subtitle"])) for one in drawn.get("cards", [])]
    return with_files([Reply(drawn["text"], _offered(drawn), card), *row, *_linked(drawn)])


def _linked(drawn: dict[str, Any]) -> list[Reply]:
    """The file that a link leads to. It has its own words in front, which belong to the channel and not to the talk."""
    if "link" not in drawn:
        return []
    link = drawn["link"]
    assert link["words"], link
    assert "://" in link["href"], link
    return [Reply(file=link["title"])]


def _offered(drawn: dict[str, Any]) -> tuple[str, ...]:
    return tuple(choice["title"] for choice in drawn["choices"])


def in_zalo(shown: zalo_rules.Shown) -> Reply:
    """Words, then the numbered choices that are the buttons as well; a card is words there."""
    if shown.file is not None:
        return Reply(file=shown.file.name)
    words, titles = shown.text, shown.titles
    lines = words.split("\n")
    tail = lines[len(lines) - len(titles) :]
    if all(
        re.fullmatch(rf"(?:[0-9]+\.|•) {re.escape(title)}", line) for title, line in zip(titles, tail, strict=False)
    ):
        return Reply("\n".join(lines[: len(lines) - len(titles)]), titles)
    for title in titles:
        assert re.search(rf"(?m)^[0-9]+\. .*{re.escape(title)}", words), f"{title!r} is not printed in {words!r}"
    return Reply(words, titles)


def in_a_terminal(printed: str) -> Reply:
    """What `render` wrote: words, a card, numbered choices, a file with the link to it, in this order."""
    words: list[str] = []
    card = file = ""
    buttons: list[str] = []
    for line in printed.splitlines():
        choice = CHOICE.fullmatch(line)
        if choice is not None:
            buttons.append(choice[1])
        elif line.startswith("▤ "):
            card = line.removeprefix("▤ ")
        elif line.startswith("📎 "):
            file = line.removeprefix("📎 ")
        elif line.startswith("🔗 "):
            assert file, "a link to nothing"
            assert "://" in line, line
        else:
            words.append(line)
    return Reply("\n".join(words), tuple(buttons), card, file)


def card_line(title: str, subtitle: str) -> str:
    return " · ".join(part for part in (title, subtitle) if part)


def _titles(buttons: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(button.title for button in buttons)
