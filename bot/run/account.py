"""`chophien account`: pages, OAs and bots are added, listed, and given their templates."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.run.trouble import Trouble

if TYPE_CHECKING:
    from bot.run.adding import Report
    from bot.run.settings import Settings
    from catalog.db import Database

COOP = click.option("--coop", metavar="CODE", help="For which co-op.  [default: the one of the public page]")


@click.group()
def account() -> None:
    """Connect a co-op's page, Zalo OA or Zalo bot, and see how they are.

    Example:  chophien account add messenger

    Example:  chophien account list
    """


@account.group()
def add() -> None:
    """Add an account, or give it a new token.

    It is checked against the platform first; if anything fails, nothing is stored. Doing it again is safe.

    Example:  chophien account add zalo --consent
    """


@add.command()
@click.option("--page-id", metavar="ID", default="", help="Refuse a token of any other page.")
@COOP
def messenger(page_id: str, coop: str | None) -> None:
    """Add a Facebook page.

    Subscribes it, sets Get Started, greeting and menu, and hands in the message templates for news of orders. The
    page's token is taken from MESSENGER_PAGE_TOKEN in the environment, or asked for, unseen.

    Example:  chophien account add messenger --coop SM

    Example:  chophien account add messenger --page-id 112233445566778
    """
    from bot.run.adding import Desk
    from bot.run.adding_page import add_page
    from bot.run.clients import messenger_client

    token = _secret("Page token", "MESSENGER_PAGE_TOKEN")
    with _opened() as (settings, database):
        client = messenger_client(settings)
        try:
            report = add_page(Desk(settings, database, coop, datetime.now(UTC)), client, token, page_id.strip())
        finally:
            client.close()
    _print(report)


@add.command()
@click.option("--oa-id", metavar="ID", default="", help="Refuse tokens of any other OA.")
@click.option("--consent", is_flag=True, help="Print a link instead, and wait until an admin of the OA has said yes.")
@COOP
def zalo(oa_id: str, consent: bool, coop: str | None) -> None:
    """Add a Zalo Official Account.

    With the pair of tokens that the console's API Explorer shows: from ZALO_ACCESS_TOKEN and ZALO_REFRESH_TOKEN in the
    environment, or asked for, unseen. Or with --consent, for which `chophien web` must be running behind PUBLIC_URL.

    Example:  chophien account add zalo --consent --coop SM
    """
    if consent:
        _consent(coop)
        return
    from bot.run.adding import Desk
    from bot.run.adding_oa import add_oa, need_zalo

    with _opened() as (settings, database):
        need_zalo(settings)
        pair = (
            _secret("Access token", "ZALO_ACCESS_TOKEN"),
            _secret("Refresh token", "ZALO_REFRESH_TOKEN", needed=False),
        )
        with _zalo_clients(settings) as clients:
            report = add_oa(Desk(settings, database, coop, datetime.now(UTC)), clients, pair, oa_id.strip())
    _print(report)


@add.command()
@COOP
def zalobot(coop: str | None) -> None:
    """Add a bot of Zalo's Bot Platform: free, for at most 50 people, without buttons.

    Its token, and the secret of 8 to 256 characters that each delivery must carry, are taken from ZALOBOT_TOKEN and
    ZALOBOT_SECRET in the environment, or asked for, unseen.

    Example:  chophien account add zalobot --coop SM
    """
    from bot.run.adding import Desk
    from bot.run.adding_bot import add_bot
    from handlers.calling import Caller
    from handlers.channels.zalobot.client import ZaloBotClient

    bot = _secret("Bot token", "ZALOBOT_TOKEN"), _secret("Secret for the webhook", "ZALOBOT_SECRET")
    with _opened() as (settings, database):
        caller = Caller(pool_size=1)
        try:
            client = ZaloBotClient(settings.zalobot_api_url, caller)
            report = add_bot(Desk(settings, database, coop, datetime.now(UTC)), client, *bot)
        finally:
            caller.close()
    _print(report)


@account.command("list")
def list_() -> None:
    """Every account: whose it is, whether it sends, until when its token lives.

    Example:  chophien account list
    """
    from bot.run.accounts import described

    with _opened() as (settings, database):
        rows = described(settings, database)
    for channel, external_id, name, coop, state, token in rows:
        click.echo(_plain(" · ".join(filter(None, (channel, external_id, name, coop, state, f"token: {token}")))))
    if not rows:
        click.echo("There is no account yet: chophien account add --help")


@account.command()
@click.argument("channel", type=click.Choice(["zalo"]))
@click.argument("oa_id")
@click.argument("purpose", type=click.Choice(["order_new", "order_cancelled"]))
@click.argument("template_id")
def template(channel: str, oa_id: str, purpose: str, template_id: str) -> None:
    """Use a template that Zalo has reviewed (ZBS), for news that come too late to be free.

    Its parameters are read from Zalo. For order_new: code, goods, money; for order_cancelled: code, goods.

    Example:  chophien account template zalo 388613280878808645 order_new 12345
    """
    from bot.run.adding_oa import add_zbs_template, need_zalo
    from bot.run.grants import make_grants

    with _opened() as (settings, database):
        need_zalo(settings)
        with _zalo_clients(settings) as (client, _):
            grants = make_grants(settings, database)
            info, status = add_zbs_template(database, client, grants, oa_id, (purpose, template_id))
    price = "an unknown price" if info.price_by_user is None else f"{info.price_by_user} đ each"
    click.echo(f"✔ {purpose} on {channel} {oa_id} goes as template {template_id} ({info.name}), {price}.")
    if status != "APPROVED":
        click.echo(f"! Zalo says {status}: nothing goes out by it before Zalo has approved it; the clock looks hourly.")


def _consent(coop: str | None) -> None:
    from bot.run.adding import Desk
    from bot.run.adding_oa import need_zalo, oa_report
    from bot.run.consent import CALLBACK, connected_so_far, consent_link, wait_for_consent
    from bot.run.grants import make_grants
    from bot.run.roof import utc_now
    from bot.run.tend_oas import with_token

    with _opened() as (settings, database):
        need_zalo(settings)
        desk = Desk(settings, database, coop, utc_now())
        home = desk.home("zalo")
        since = connected_so_far(database)
        click.echo(f"The console must know this Official Account Callback Url: {settings.public_url}/{CALLBACK}")
        click.echo(f"Let an admin of the OA open this within ten minutes, for {home.short_name}:")
        click.echo(consent_link(settings, database, home.code, utc_now()))
        found = wait_for_consent(database, home.id, since, utc_now)
        with _zalo_clients(settings) as (client, _):
            oa = with_token(make_grants(settings, database), found.id, client.get_oa)
        report = oa_report(desk, oa)
    _print(report)


def _secret(name: str, variable: str, *, needed: bool = True) -> str:
    """From the environment, else asked for without showing it: never from the command line, which any user of the
    machine can read (`ps`). Raises Trouble.
    """
    given = os.environ.get(variable) or click.prompt(name, hide_input=True, default="", show_default=False)
    secret: str = given.strip()
    if needed and not secret:
        raise Trouble(f"nothing is stored: no {name.lower()} was given")
    return secret


def _print(report: "Report") -> None:
    for line in report.done:
        click.echo(_plain(f"✔ {line}"))
    for line in dict.fromkeys(report.missing):
        click.echo(_plain(f"! {line}"))


def _plain(line: str) -> str:
    """What a platform calls somebody is no command to the terminal."""
    return "".join(char if char.isprintable() else " " for char in line)


@contextmanager
def _opened() -> "Iterator[tuple[Settings, Database]]":
    from bot.run.shell import opened, settings_of

    settings = settings_of()
    with opened(settings) as database:
        yield settings, database


@contextmanager
def _zalo_clients(settings: "Settings") -> Iterator[Any]:
    """The API's client and OAuth's."""
    from bot.run.clients import zalo_client, zalo_oauth

    client = zalo_client(settings)
    oauth = zalo_oauth(settings)
    try:
        yield client, oauth
    finally:
        client.close()
        oauth.close()
