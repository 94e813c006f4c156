"""A reply as a person sees it, in her language, before any platform has put it into its own form."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """A choice as the person sees it; `id` comes back when it is pressed."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One reply, in the person's language, not yet in any platform's form.

    buttons: at most three, titles at most 20 characters. offset: how many numbers a printed list in the text owns, so
    that buttons that a channel must print go on from there. card: title and subtitle of a product card, or empty.
    """

    text: str
    buttons: tuple[Button, ...] = ()
    offset: int = 0
    card_title: str = ""
    card_subtitle: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can show. Counted in UTF-16 units, which is the safe side of every platform's "characters"."""

    max_text: int
    max_text_with_buttons: int
    max_buttons: int
    max_title: int


class SendError(Exception):
    """A reply did not go out.

    permanent: sending it again cannot help. retry_after: seconds that the platform asked for, or None. whole_account:
    nothing else of this account would go out now either. pauses: nor will it until somebody mends it (a dead token).
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        whole_account: bool = False,
        pauses: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.whole_account = whole_account or pauses
        self.pauses = pauses
