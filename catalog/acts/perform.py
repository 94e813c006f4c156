"""Every command and who carries it out."""

import secrets
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from catalog.acts import Command, News, Refused, Result, Who
from catalog.acts.cancelling import cancel
from catalog.acts.diary import strike, write_diary
from catalog.acts.forgetting import Forget, forget_her
from catalog.acts.knowing import give_consent, redeem, save_contact
from catalog.acts.noting import call_somebody, count_scan, keep_wish
from catalog.acts.offer import CorrectOffer, PostOffers, WithdrawOffers
from catalog.acts.order import CancelOrder, PlaceOrder
from catalog.acts.person import GiveConsent, OpenCase, RecordScan, Redeem, SaveContact, Wish
from catalog.acts.placing import place
from catalog.acts.printing import activate, print_stamps
from catalog.acts.resending import send_again
from catalog.acts.selling import correct, post, take_back
from catalog.acts.stamps import ActivateLot, PrintStamps, SendSheetAgain, StrikeDiary, WriteDiary
from catalog.order import CODE_LETTERS


def perform(db: Session, who: Who, command: Command, make_code: Callable[[], str]) -> tuple[Result, Sequence[News]]:
    """Do it in the caller's transaction: the result, and who else has to hear of it.

    make_code: draws a new order's code; one that is taken is drawn again. Whatever is not allowed, does not exist or
    is no command of ours is `Refused`, and then nothing has changed.
    """
    if isinstance(command, PlaceOrder):
        return place(db, who, command, make_code)
    if isinstance(command, CancelOrder):
        return cancel(db, who, command)
    return _alone(db, who, command), ()


def _alone(db: Session, who: Who, command: Command) -> Result:
    """The commands that nobody else has to hear of."""
    if isinstance(command, PrintStamps | SendSheetAgain | ActivateLot | WriteDiary | StrikeDiary):
        return _of_a_lot(db, who, command)
    match command:
        case PostOffers():
            return post(db, who, command)
        case WithdrawOffers():
            return take_back(db, who, command)
        case CorrectOffer():
            return correct(db, who, command)
        case GiveConsent():
            return give_consent(db, who, command)
        case SaveContact():
            return save_contact(db, who, command)
        case Redeem():
            return redeem(db, who, command)
        case OpenCase():
            return call_somebody(db, who, command)
        case Wish():
            return keep_wish(db, who, command)
        case Forget():
            return forget_her(db, who)
        case RecordScan():
            return count_scan(db, who, command)
        case _:
            return Refused()


def _of_a_lot(
    db: Session, who: Who, command: PrintStamps | SendSheetAgain | ActivateLot | WriteDiary | StrikeDiary
) -> Result:
    match command:
        case SendSheetAgain():
            return send_again(db, who, command)
        case PrintStamps():
            return print_stamps(db, who, command)
        case ActivateLot():
            return activate(db, who, command)
        case WriteDiary():
            return write_diary(db, who, command)
        case StrikeDiary():
            return strike(db, who, command)


def make_order_code() -> str:
    """DH and four letters that nobody reads or hears as another: DH8M3Q."""
    return "DH" + "".join(secrets.choice(CODE_LETTERS) for _ in range(4))
