"""Adding a Facebook page: subscribed, with Get Started, greeting, menu, and templates for news of orders."""

from bot.reply import SendError
from bot.run.adding import VALUES, Connected, Desk, Report, told
from bot.run.trouble import Trouble
from catalog.template import APPROVED, keep_template
from handlers.channels.messenger.client import MessengerClient

EXAMPLES = {"code": "DH2A3C", "goods": "cam sành 5 kg, mật ong 2 chai", "money": "480.000đ"}
TEXTS = {
    "order_new": "Nhà mình có đơn hàng mới {{code}}: {{goods}}. Giao đủ hàng thì nhà mình nhận được {{money}} ạ. "
    "Nhắn tin lại đây để xem đơn.",
    "order_cancelled": "Đơn hàng {{code}} đã được huỷ, nhà mình không cần chuẩn bị nữa: {{goods}}. "
    "Nhắn tin lại đây nếu cần hỏi thêm.",
}
"""What a producer reads when she wrote too long ago for anything else ("send-messages/utility-messages")."""

NAME = "cho_phien_{purpose}_v1"
NEEDED = ("MESSENGER_APP_SECRET", "MESSENGER_VERIFY_TOKEN")


def add_page(desk: Desk, client: MessengerClient, token: str, page_id: str = "") -> Report:
    """page_id: refuse a token of any other page. Raises Trouble; then nothing is stored."""
    if not desk.settings.messenger_app_secret:
        raise Trouble("MESSENGER_APP_SECRET is not set: put the secret of your app at Meta into .env first")
    desk.home("messenger", page_id)
    try:
        found_id, name = client.page(token)
        if page_id and found_id != page_id:
            raise Trouble(f"this token is for the page {found_id} ({name}), not for {page_id}")
        shop = desk.home("messenger", found_id).short_name
        client.subscribe(found_id, token)
    except SendError as error:
        right = "pages_manage_metadata and pages_messaging"
        raise Trouble(f"nothing is stored: {told('Facebook', error, right)}") from None
    account_id = desk.keep(Connected("messenger", found_id, name, token, pasted=(token, "")))
    report = Report(
        [f"Page {found_id} ({name}) sends its events to the app.", f"Its token is kept, sealed, for {shop}."]
    )
    try:
        client.set_profile(found_id, token, shop)
        report.done.append("Get Started, greeting and menu are set; the menu may take a day to appear.")
    except SendError as error:
        report.missing.append(f"Get Started and menu are not set: {told('Facebook', error, 'pages_messaging')}")
    try:
        _hand_in_templates(desk, client, account_id, (found_id, token), report)
    except SendError as error:
        why = told("Facebook", error, "page_utility_messaging")
        report.missing.append(f"News of orders cannot go later than a day after somebody's last words: {why}")
    for lacking in [one for one in desk.settings.messenger_missing if one in NEEDED]:
        report.missing.append(f"{lacking} is not set in .env: without it the webhook is off.")
    if not desk.settings.messenger_app_id:
        report.missing.append(
            "MESSENGER_APP_ID is not set in .env: the number of your app at developers.facebook.com. Until then the "
            "bot does not notice when another app answers, and takes any app's subscription of the page for ours."
        )
    report.missing.append(desk.paste("webhooks/messenger", "the app's Webhooks page at developers.facebook.com"))
    return report


def _hand_in_templates(
    desk: Desk, client: MessengerClient, account_id: int, page: tuple[str, str], report: Report
) -> None:
    """Those that are not there yet; the status of each is kept. Raises SendError."""
    known = client.templates(*page)
    waiting: list[str] = []
    for purpose, text in TEXTS.items():
        name, values = NAME.format(purpose=purpose), VALUES[purpose]
        status = known.get(name) or client.create_template(
            *page, name, text, {value: EXAMPLES[value] for value in values}
        )
        with desk.database.writing() as db:
            keep_template(db, account_id, purpose, name, parameters=",".join(values), status=status)
        if status != APPROVED:
            waiting.append(f"{purpose} ({status})")
    report.done.append(f"Message templates are handed in: {', '.join(TEXTS)}.")
    if waiting:
        report.missing.append(f"Facebook has not approved yet: {', '.join(waiting)}. The clock looks every hour.")
