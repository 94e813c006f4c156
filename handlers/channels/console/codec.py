"""A bubble as it stands in a terminal."""

import re

from bot.reply import Bubble

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def render(bubble: Bubble) -> str:
    """Words, card, numbered choices and the link to a file, a line each.

    The numbers go on from those of a list in the text.
    Control characters are dropped: a product's name must not move the cursor.
    """
    card = " · ".join(part for part in (bubble.card_title, bubble.card_subtitle) if part)
    lines = [f"▤ {card}"] if card else []
    sign = "{}." if bubble.numbered else "•"
    numbered = enumerate(bubble.buttons, bubble.offset + 1)
    lines += [f"  {sign.format(number)} {button.title}" for number, button in numbered]
    if bubble.file is not None:
        lines += [f"📎 {bubble.file.name}", f"🔗 {bubble.file.linked}"]
    return CONTROL.sub("", "\n".join([*([bubble.text] if bubble.text else []), *lines]))
