"""Consent, contact, invitations, wishes, and calling a person."""

from dataclasses import dataclass
from typing import ClassVar

from catalog.acts import Command, Result


@dataclass(frozen=True, slots=True)
class GiveConsent(Command):
    """She agreed to the text `version` for `purpose` ("order", "producer", "recall"): a proof with its time."""

    purpose: str
    version: str


@dataclass(frozen=True, slots=True)
class ConsentKept(Result):
    person_id: int


@dataclass(frozen=True, slots=True)
class SaveContact(Command):
    """Name, phone and address for deliveries; refused without consent. Empty fields keep what was there."""

    name: str = ""
    phone: str = ""  # 0xxxxxxxxx
    address: str = ""  # as typed
    given_name: str = ""  # how to call her, where it is not the last word of the name
    you: str = ""  # chị, anh: how to address her


@dataclass(frozen=True, slots=True)
class ContactKept(Result):
    contact_id: int


@dataclass(frozen=True, slots=True)
class OpenCase(Command):
    """Something waits for a person of the co-op. One open case per conversation, kind and subject,
    which collects what is said about it later."""

    kind: str  # "question", "complaint", "suspicious stamp", "voice", "poison", "failed send", …
    renews: ClassVar[bool] = False
    note: str = ""  # what she wrote; kept sealed
    subject: str = ""  # a code, an order: never personal data


@dataclass(frozen=True, slots=True)
class CaseOpened(Result):
    case_id: int


@dataclass(frozen=True, slots=True)
class Wish(Command):
    """Tell her when we have this: opt-in with date and channel."""

    words: str


@dataclass(frozen=True, slots=True)
class WishKept(Result):
    words: str


@dataclass(frozen=True, slots=True)
class Redeem(Command):
    """Use an invitation: ties this conversation to the invited person. 12 digits."""

    code: str


@dataclass(frozen=True, slots=True)
class Redeemed(Result):
    person_id: int
    role: str  # "producer", "staff"
    name: str


@dataclass(frozen=True, slots=True)
class NoInvitation(Result):
    """Unknown, used or expired: the same answer for all three."""


@dataclass(frozen=True, slots=True)
class RecordScan(Command):
    """Count one look at a stamp: the code that was found, the channel, the time, and a person's daily hash."""

    renews: ClassVar[bool] = False
    awaited: ClassVar[bool] = False

    code: str
    sign: str = ""  # of `catalog.signs`: what is odd about it, which staff are told


@dataclass(frozen=True, slots=True)
class Counted(Result):
    code: str
