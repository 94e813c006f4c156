"""A reply as a person sees it, in her language, before any platform has put it into its own form."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Button:
    """A choice as the person sees it; `id` comes back when it is pressed."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Notice:
    """News that nobody asked for just now, in the form of an approved template.

    purpose: which of ours ("order_new", "order_cancelled"). values: what is filled in, by name, as it is read.
    """

    purpose: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of a receipt: `Cam sành`, `2,5 kg`, and what the whole line costs."""

    title: str
    amount: str
    price_vnd: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """An order as a platform draws it. It says nothing that the text beside it does not say."""

    order_code: str
    recipient: str
    seller: str
    payment: str
    at: datetime
    lines: tuple[Bought, ...]
    subtotal_vnd: int
    fee_vnd: int
    total_vnd: int


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a row of them. image: a path under the public address, or empty."""

    title: str
    subtitle: str = ""
    image: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Carousel:
    """What a printed list says, as a row of cards; in its order, so that the list's numbers count the cards too.

    text and buttons: what stands above the row, in the place of the list and its buttons.
    """

    text: str
    cards: tuple[Card, ...]
    buttons: tuple[Button, ...] = ()

    def pictured_at(self, public_url: str) -> "Carousel":
        """The same with whole addresses, for a platform that fetches the pictures itself."""
        cards = (replace(card, image=public_url + card.image) if card.image else card for card in self.cards)
        return replace(self, cards=tuple(cards))


@dataclass(frozen=True, slots=True)
class Paper:
    """A document beside the words. path: where our own house has its bytes, shown to nobody.

    link: gives it once, within a day. by_link: the words in front of the link where a channel, or the platform this
    time, takes no file. gone: what is said where the bytes are no more; then the link gives nothing either.
    """

    name: str
    path: str
    link: str
    by_link: str
    gone: str

    @property
    def linked(self) -> str:
        return f"{self.by_link} {self.link}"


@dataclass(frozen=True, slots=True)
class Bubble:
    """One reply, in the person's language, not yet in any platform's form.

    buttons: at most three, titles at most 20 characters. offset: how many numbers a printed list in the text owns, so
    that buttons that a channel must print go on from there. card: title and subtitle of a product card, or empty.
    image: a path under the public address, or empty. notice: what it says as a template that the platform approved, for
    when she wrote too long ago. receipt: the same order once more, for a channel that can draw one. carousel: the same
    list once more, in the same way. numbered: a number that she types now means one of these buttons; false beside
    another bubble that asks, where a channel that prints its choices must not print the same numbers twice. file: goes
    after the words.
    """

    text: str
    buttons: tuple[Button, ...] = ()
    offset: int = 0
    card_title: str = ""
    card_subtitle: str = ""
    image: str = ""
    notice: "Notice | None" = None
    receipt: "Receipt | None" = None
    carousel: "Carousel | None" = None
    numbered: bool = True
    file: "Paper | None" = None

    def after(self, words: str) -> "Bubble":
        """The same with a line in front of it, however it is drawn."""
        carousel = self.carousel and replace(self.carousel, text=f"{words}\n{self.carousel.text}".rstrip())
        return replace(self, text=f"{words}\n{self.text}".rstrip(), carousel=carousel)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can show. Counted in UTF-16 units, which is the safe side of every platform's "characters"."""

    max_text: int
    max_text_with_buttons: int
    max_buttons: int
    max_title: int


class Reason(StrEnum):
    """Why a reply did not go out. `bot.plain` has the words for staff."""

    UNREACHABLE = "unreachable"  # nobody answered, or not with an answer of the platform's own
    LATER = "later"  # the platform asks for another try
    THROTTLED = "throttled"  # too many calls: calling on makes the ban longer
    WINDOW = "window"  # she wrote too long ago
    STRANGER = "stranger"  # she never wrote here, or is nobody of this account
    GONE = "gone"  # she blocked us, left, or is not to be reached
    HELD = "held"  # a colleague or another app has the thread
    RESTRICTED = "restricted"  # the platform punishes the page for breaking a policy
    BLOCKED = "blocked"  # the platform has told us so, and will tell us when it is over
    RIGHTS = "rights"  # the app lacks a right, or is not live
    PACKAGE = "package"  # the OA's package does not allow it
    UNVERIFIED = "unverified"  # the OA is not verified, or disabled
    MONEY = "money"  # it would cost, and there is no purse or nothing in it
    QUOTA = "quota"  # the day's or month's number is used up
    NIGHT = "night"  # not between ten in the evening and six in the morning
    TOKEN = "token"  # the account's token is dead and cannot be renewed by us # noqa: S105
    EXPIRED = "expired"  # the token has to be renewed, which we can do
    MEDIA = "media"  # the picture was refused
    SHAPE = "shape"  # what we sent is wrong: our own mistake
    EMPTY = "empty"  # nothing is left of it
    TOO_LATE = "too late"  # it waited for a day


class SendError(Exception):
    """A reply did not go out, or it is not known whether it did.

    reason: what staff are told. permanent: sending it again cannot help. waits: it may go when she has written again,
    or when the thread is ours again. retry_after: seconds that the platform asked for, or None. unknown: she may have
    it already. whole_account: nothing else of this account would go out now either. pauses: nor will it until somebody
    mends it (a dead token).
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = Reason.LATER,
        permanent: bool = False,
        waits: bool = False,
        retry_after: float | None = None,
        unknown: bool = False,
        whole_account: bool = False,
        pauses: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.permanent = permanent
        self.waits = waits
        self.retry_after = retry_after
        self.unknown = unknown
        self.whole_account = whole_account or pauses
        self.pauses = pauses
