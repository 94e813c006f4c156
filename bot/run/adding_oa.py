"""Adding a Zalo Official Account by its pair of tokens, and giving it a template that Zalo has reviewed."""

from datetime import timedelta

from bot.reply import Reason, SendError
from bot.run.adding import VALUES, Connected, Desk, Report, told
from bot.run.grants import Grants
from bot.run.settings import Settings
from bot.run.tend_oas import with_token, zbs_status
from bot.run.trouble import Trouble
from catalog.account import account_by
from catalog.db import Database
from catalog.template import keep_template
from handlers.channels.zalo.answers import Account as Oa
from handlers.channels.zalo.answers import TemplateInfo
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import GrantLost, ZaloOAuth


def need_zalo(settings: Settings) -> None:
    """Raises Trouble where the app at Zalo is not known yet."""
    needed = {"ZALO_APP_ID": settings.zalo_app_id, "ZALO_APP_SECRET": settings.zalo_app_secret}
    lacking = [name for name, value in needed.items() if not value]
    if lacking:
        raise Trouble(f"{' and '.join(lacking)} not set: developers.zalo.me → your app shows them; put them into .env")


def add_oa(desk: Desk, clients: tuple[ZaloClient, ZaloOAuth], pair: tuple[str, str], oa_id: str = "") -> Report:
    """pair: access and refresh token as the API Explorer gives them, the second may be empty. oa_id: refuse any other.

    Raises Trouble; then nothing is stored. An access token that is over is renewed, which spends the refresh token.
    """
    need_zalo(desk.settings)
    desk.home("zalo", oa_id)
    try:
        found, connected = _asked(desk, clients, pair)
    except GrantLost as lost:
        raise Trouble(
            f"nothing is stored: both tokens are used up or too old ({lost.code}); take a fresh pair from the API "
            "Explorer, or use --consent"
        ) from None
    except SendError as error:
        raise Trouble(f"nothing is stored: {told('Zalo', error, 'the API permissions of the OA')}") from None
    if not found.oa_id or (oa_id and found.oa_id != oa_id):
        raise Trouble(f"these tokens are for the OA {found.oa_id or '?'} ({found.name}), not for {oa_id or 'any OA'}")
    desk.keep(connected)
    report = oa_report(desk, found)
    if connected.refresh_token is None:
        report.missing.append("There is no refresh token: the access token dies within 25 hours and cannot be renewed.")
    return report


def _asked(desk: Desk, clients: tuple[ZaloClient, ZaloOAuth], pair: tuple[str, str]) -> tuple[Oa, Connected]:
    """What Zalo says of the pair, and the pair that is good now. Raises SendError, GrantLost."""
    client, oauth = clients
    access, refresh = pair
    try:
        found = client.get_oa(access)
    except SendError as error:
        if error.reason is not Reason.EXPIRED or not refresh:
            raise
    else:
        return found, Connected("zalo", found.oa_id, found.name, access, refresh or None, pasted=pair)
    grant = oauth.refresh(refresh)
    found = client.get_oa(grant.access_token)
    until = desk.now + timedelta(seconds=grant.expires_in)
    return found, Connected("zalo", found.oa_id, found.name, grant.access_token, grant.refresh_token, until, pair)


FREE = frozenset({"Dùng thử", "Miễn phí", "Cơ bản"})
"""Packages without the open API (the price list of 2026): a message by it is refused with -224."""


def oa_report(desk: Desk, oa: Oa) -> Report:
    """What holds of an OA whose tokens were just kept, and which switches only a person can press."""
    settings, until = desk.settings, f" until {oa.package_until}" if oa.package_until else ""
    report = Report([f"OA {oa.oa_id} ({oa.name}) is connected.", f"Its package: {oa.package or 'unknown'}{until}."])
    missing = report.missing
    if oa.package in FREE:
        missing.append(
            "This package lets the bot send nothing: it needs “Tăng trưởng” or more (oa.zalo.me → Gói dịch vụ)."
        )
    if not oa.is_verified:
        missing.append(
            "The OA is not verified: oa.zalo.me → Cài đặt → Xác thực tài khoản. Until then nothing goes out."
        )
    if settings.zalo_paid and not oa.linked_zca:
        missing.append("ZALO_PAID is on, but no Zalo Cloud Account (ZCA) is linked to pay: link one, or turn it off.")
    if not settings.zalo_oa_secret:
        missing.append(
            "ZALO_OA_SECRET is not set in .env: developers.zalo.me → your app → Webhook → OA Secret Key. Until then "
            "the app's secret is tried, and where Zalo signs with the OA's own, every message is refused."
        )
    if not settings.zalo_verifier:
        missing.append(
            "ZALO_VERIFIER is not set in .env: it is the code in the name of the file zalo_verifier….html "
            "(console → Xác thực domain)."
        )
    missing.append(desk.paste("webhooks/zalo", "the console's Webhook page, after the domain is verified"))
    missing.append(desk.paste("oauth/zalo/callback", "Official Account Callback Url, for --consent"))
    missing.append("In the console's Webhook page: syntax filter (lọc cú pháp) OFF, Webhook Retry ON, all events ON.")
    return report


def add_zbs_template(
    database: Database, client: ZaloClient, grants: Grants, oa_id: str, wanted: tuple[str, str]
) -> tuple[TemplateInfo, str]:
    """Read a template and keep it. wanted: our purpose, and Zalo's number. What Zalo says of it, and its status.

    Raises Trouble; then nothing is stored.
    """
    purpose, template_id = wanted
    with database.reading() as db:
        account = account_by(db, "zalo", oa_id)
    if account is None:
        raise Trouble(f"there is no OA {oa_id} here: chophien account list shows them")
    try:
        info = with_token(grants, account.id, lambda token: client.template_info(token, template_id))
    except SendError as error:
        raise Trouble(told("Zalo", error, "ZBS Template Message")) from None
    ours = VALUES[purpose]
    foreign = [one.name for one in info.parameters if one.required and one.name not in ours]
    if foreign:
        raise Trouble(f"the template wants {', '.join(foreign)}; for {purpose} there are only {', '.join(ours)}")
    status = zbs_status(info)
    names = ",".join(one.name for one in info.parameters if one.name in ours)
    with database.writing() as db:
        keep_template(db, account.id, purpose, template_id, parameters=names, status=status)
    return info, status
