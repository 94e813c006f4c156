"""Zalo's OAs: verified, with a package that lets us send, and what became of their templates."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import select

from bot.conversation import Conversation
from bot.reply import Reason, SendError
from bot.run.grants import Grants
from bot.run.tend_look import Known, Look
from catalog.account import is_lost, locked, refresh_token_of
from catalog.template import APPROVED
from handlers.channels.zalo.answers import Account as Oa
from handlers.channels.zalo.answers import TemplateInfo, UserDetail

PERSONAL = (Reason.STRANGER, Reason.GONE, Reason.WINDOW)
"""A refusal that is about one person: the account itself was let in."""

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Oas(Protocol):
    """`ZaloClient`."""

    def get_oa(self, token: str) -> Oa: ...
    def user_detail(self, token: str, user_id: str) -> UserDetail: ...
    def template_info(self, token: str, template_id: str) -> TemplateInfo: ...


class OaTender:
    def __init__(self, look: Look, oas: Oas, grants: Grants) -> None:
        self._look = look
        self._oas = oas
        self._grants = grants

    def renew(self) -> None:
        renewed = self._grants.renew_due(self._look.now())
        if renewed:
            log.info("tokens_renewed", count=renewed)

    def look_at_oas(self) -> None:
        self._look.each("zalo", self._oa)

    def _oa(self, known: Known) -> None:
        found = with_token(self._grants, known.id, self._oas.get_oa)
        now, officer = self._look.now(), self._look.officer
        with self._look.database.writing() as db:
            account = locked(db, known.id)
            account.name, account.tended_at = found.name or account.name, now
            paused = account.paused_at is not None
            if not found.is_verified:
                officer.call(db, account, Reason.UNVERIFIED, now)
            elif not paused:
                officer.dismiss(db, account, Reason.UNVERIFIED, now)
        if paused and found.is_verified and self._is_let_in(known):
            self._is_well(known)
        self._look.keep_statuses(known, self._statuses(known))

    def _is_let_in(self, known: Known) -> bool:
        """Whether a call that the package rules goes through: `get_oa` works without a package too.

        It asks about the newest conversation; where there is none yet, nobody is kept waiting by trying.
        """
        newest = select(Conversation.address).where(Conversation.account_id == known.id)
        with self._look.database.reading() as db:
            address = db.scalar(newest.order_by(Conversation.id.desc()).limit(1))
        if address is None:
            return True
        try:
            with_token(self._grants, known.id, lambda token: self._oas.user_detail(token, address))
        except SendError as error:
            if not error.pauses and error.reason not in PERSONAL:
                raise
            return not error.pauses
        return True

    def _is_well(self, known: Known) -> None:
        """It sends again, unless its grant is lost: then the token that still worked just now is its last one."""
        now = self._look.now()
        with self._look.database.writing() as db:
            account = locked(db, known.id)
            refresh = refresh_token_of(db, account)
            mended = [Reason.PACKAGE, Reason.UNVERIFIED]
            if refresh is None or not is_lost(db, account, refresh):
                mended.append(Reason.TOKEN)
            if sum(self._look.officer.is_well(db, account, reason, now) for reason in mended):
                log.info("account_sends_again", account=known.id)

    def _statuses(self, known: Known) -> dict[str, str]:
        """What Zalo says of each template that we know; without those that it does not know any more."""
        statuses: dict[str, str] = {}
        for template_id in self._look.templates(known):
            try:
                info = self._info(known, template_id)
            except SendError as error:
                if not error.permanent:
                    raise
                log.warning("template_unknown", account=known.id, template=template_id, error=str(error))
            else:
                statuses[template_id] = zbs_status(info)
        return statuses

    def _info(self, known: Known, template_id: str) -> TemplateInfo:
        return with_token(self._grants, known.id, lambda token: self._oas.template_info(token, template_id))


def with_token(grants: Grants, account_id: int, call: Callable[[str], T]) -> T:
    """Once more with a renewed token where Zalo calls it expired. Raises SendError."""
    token = grants.token(account_id)
    try:
        return call(token)
    except SendError as error:
        if error.reason is not Reason.EXPIRED:
            raise
    return call(grants.renew(account_id, token))


def zbs_status(info: TemplateInfo) -> str:
    """Zalo's word, or the one by which both platforms' approved templates are found."""
    return APPROVED if info.approved else info.status.upper()
