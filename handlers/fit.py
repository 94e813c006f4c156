"""Long words cut to what a message may hold, counted in UTF-16 units: the safe reading of Meta's "characters"."""

import re
import unicodedata

from bot.reply import Bubble

ZERO_WIDTH_JOINER = "\u200d"
SENTENCE_END = re.compile(r"[.!?…](?=\s)")


def units(text: str) -> int:
    """Length in UTF-16 units: 1 for Vietnamese letters in NFC, 2 for most emoji."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` units, none of them blank, cut where a reader would pause.

    After a paragraph, else a line, else a sentence, else a word, as long as the piece stays at least a third full;
    else between two graphemes. The white space at a cut is dropped.
    """
    pieces = []
    rest = text.strip()
    while units(rest) > limit:
        cut = _pause(rest, _fitting(rest, limit))
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning with "…" where it is longer than `limit` units."""
    if units(text) <= limit:
        return text
    return text[: _between_graphemes(text, _fitting(text, limit - 1))].rstrip() + "…"


def _fitting(text: str, limit: int) -> int:
    """How many characters from the start fit."""
    head = text.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return len(head.decode("utf-16-le", "ignore"))


def _pause(text: str, most: int) -> int:
    least = most // 3
    for mark in ("\n\n", "\n"):
        at = text.rfind(mark, least, most + len(mark))
        if at > 0:
            return at
    ends = [match.end() for match in SENTENCE_END.finditer(text, least, most + 1)]
    if ends:
        return ends[-1]
    at = text.rfind(" ", least, most + 1)
    return at if at > 0 else _between_graphemes(text, most)


def _between_graphemes(text: str, at: int) -> int:
    """The last place up to `at` where no grapheme is torn; `at` itself if a single one fills it all."""
    cut = at
    while cut > 0 and _joined(text, cut):
        cut -= 1
    return cut or at


def _joined(text: str, at: int) -> bool:
    """Whether the characters on both sides of `at` are drawn as one (the usual cases of Unicode annex 29)."""
    before, after = text[at - 1], text[at] if at < len(text) else ""
    if not after:
        return False
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or ZERO_WIDTH_JOINER in (before, after):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, flag tags
        return True
    if not _is_flag_half(after):
        return (before, after) == ("\r", "\n")
    run = len(text[:at]) - len(text[:at].rstrip("".join(chr(n) for n in range(0x1F1E6, 0x1F200))))
    return run % 2 == 1


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def choices_in_lines(bubble: Bubble) -> list[str]:
    """The choices as a channel without buttons prints them: numbered on from a list in the text, as they can be typed.

    Not at all where the text is that very list; without numbers where a number would mean something else.
    """
    titles = [" ".join(unicodedata.normalize("NFC", button.title).split()) for button in bubble.buttons]
    if not bubble.numbered:
        return [f"• {title}" for title in titles]
    lines = [f"{number}. {title}" for number, title in enumerate(titles, bubble.offset + 1)]
    told = [re.search(rf"(?m)^{number}\. .*{re.escape(title)}", bubble.text) for number, title in enumerate(titles, 1)]
    return [] if titles and bubble.offset == 0 and all(told) else lines
