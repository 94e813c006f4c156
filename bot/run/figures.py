"""The page of figures at /metrics."""

from collections.abc import Callable
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import inbox
from bot.outbox import OutboxRow
from catalog.account import Account
from catalog.case import Case
from catalog.db import Database

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger(__name__)


class Figures:
    """The page of figures: what waits, for how long, and what went wrong. Counted in the tables at each look."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._registry = CollectorRegistry()
        self._refused = Counter(
            "chophien_refused_signatures", "Deliveries with a wrong signature", ["channel"], registry=self._registry
        )
        self._zalo = Counter(
            "chophien_zalo_signatures",
            "Deliveries by the variant that they fitted",
            ["variant"],
            registry=self._registry,
        )
        self._up = self._gauge("chophien_database_up", "Whether the database answers")
        self._pending = self._gauge("chophien_inbox_pending", "Events that wait for their turn")
        self._oldest = self._gauge("chophien_inbox_oldest_seconds", "Age of the oldest pending event")
        self._unsent = self._gauge("chophien_outbox_unsent", "Replies that were promised and not sent")
        self._unsent_age = self._gauge("chophien_outbox_oldest_seconds", "Age of the oldest unsent reply")
        self._held = self._gauge("chophien_outbox_held", "Replies that wait until somebody writes again")
        self._paused = self._gauge("chophien_accounts_paused", "Pages and OAs that wait to be mended")
        self._dead = self._gauge("chophien_outbox_dead", "Replies that could never go")
        self._cases = self._gauge("chophien_cases_open", "What waits for a person")

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(name, help_text, registry=self._registry)

    def refused(self, channel: str) -> Callable[[], None]:
        """What that channel's door calls for every wrong signature."""
        return self._refused.labels(channel).inc

    def zalo_matched(self, variant: str) -> None:
        self._zalo.labels(variant).inc()

    def text(self) -> bytes:
        try:
            with self._database.reading() as db:
                self._count(db)
            self._up.set(1)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            self._up.set(0)
        return generate_latest(self._registry)

    def _count(self, db: Session) -> None:
        pending, since = inbox.oldest_pending(db)
        self._pending.set(pending)
        self._oldest.set(self._age(since))
        pushed = OutboxRow.channel.not_in(["web", "console"])
        unsent, oldest = db.execute(
            select(func.count(), func.min(OutboxRow.created_at)).where(
                OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None), OutboxRow.held_at.is_(None), pushed
            )
        ).one()
        self._unsent.set(unsent)
        self._unsent_age.set(self._age(oldest))
        held = select(func.count(OutboxRow.id)).where(OutboxRow.held_at.is_not(None))
        self._held.set(db.scalar(held.where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))) or 0)
        lost = select(func.count(OutboxRow.id)).where(OutboxRow.dead_at.is_not(None), OutboxRow.held_at.is_(None))
        self._dead.set(db.scalar(lost) or 0)
        self._paused.set(db.scalar(select(func.count(Account.id)).where(Account.paused_at.is_not(None))) or 0)
        self._cases.set(db.scalar(select(func.count(Case.id)).where(Case.closed_at.is_(None))) or 0)

    def _age(self, since: datetime | None) -> float:
        return max(0.0, (self._now() - since).total_seconds()) if since else 0.0
