"""A bubble as it stands on a phone."""

from dataclasses import dataclass

from tests.simulators.graph_media import Upload
from tests.simulators.graph_receipt import Receipt


@dataclass(frozen=True, slots=True)
class Button:
    """What can be pressed; a link has its address as payload."""

    title: str
    payload: str
    kind: str = "postback"


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    subtitle: str = ""
    image: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A bubble on the phone. Buttons stay for ever, quick replies until something else is shown.

    attachment: kind and what is shown, "image https://…"; several pictures are a line each. file: what opens when she
    presses an attachment that was uploaded as a file.
    """

    text: str = ""
    buttons: tuple[Button, ...] = ()
    quick_replies: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()
    attachment: str = ""
    metadata: str = ""
    receipt: Receipt | None = None
    file: Upload | None = None

    @property
    def pressable(self) -> tuple[Button, ...]:
        """All that stays: buttons below the text and on the cards."""
        return self.buttons + tuple(button for card in self.cards for button in card.buttons)

    @property
    def titles(self) -> tuple[str, ...]:
        """What stands on everything that can be pressed."""
        return tuple(button.title for button in self.pressable + self.quick_replies)

    def lines(self, *, buttons: bool = True) -> list[str]:
        """As it reads on the phone; without `buttons`, on one that shows none (Lite, Facebook's own browser)."""
        cards = [f"▤ {card.title} · {card.subtitle}" if card.subtitle else f"▤ {card.title}" for card in self.cards]
        paper = [f"🧾 {self.receipt.order_number} {self.receipt.total} {self.receipt.currency}"] if self.receipt else []
        titles = [" ".join(f"[{title}]" for title in self.titles)] if buttons else []
        attached = f"📎 {self.file.name} ({self.file.size})" if self.file is not None else self.attachment
        return [line for line in (*self.text.splitlines(), attached, *cards, *paper, *titles) if line]
