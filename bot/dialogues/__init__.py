"""Every talk that the bot can hold. Their order is the order in which intents look for one."""

from bot.dialogue import Dialogue
from bot.dialogues.diary import diary
from bot.dialogues.garden import garden
from bot.dialogues.menu import menu
from bot.dialogues.moving import mine
from bot.dialogues.order import order
from bot.dialogues.person import person
from bot.dialogues.post import post
from bot.dialogues.press import press
from bot.dialogues.recall import recall
from bot.dialogues.reporting import trace
from bot.dialogues.shop import shop
from bot.dialogues.tie import tie

DIALOGUES: dict[str, Dialogue] = {
    "trace": trace,
    "recall": recall,
    "shop": shop,
    "order": order,
    "mine": mine,
    "post": post,
    "garden": garden,
    "diary": diary,
    "press": press,
    "tie": tie,
    "person": person,
    "menu": menu,
}
