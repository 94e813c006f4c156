"""The page of figures at /metrics: what the tables say, and what all processes have counted (`bot.run.tally`).

It answers whatever is gone. Without Redis nothing is missing but Redis; without the database it says so, with what was
last known of the counters.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot.figure import Kept, kept
from bot.run.figures_looked_up import Sample, age, in_tables, on_disk
from bot.run.figures_named import NAMES, SIZES, Named
from bot.run.tally import BEAT, BUCKET, SUM, Tally
from catalog.db import Database

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH = timedelta(seconds=60)
"""What a process said that has not been heard of since then is not true any more."""
REFUSED, TURNS = "chophien_refused_signatures", "chophien_turns"

log = structlog.get_logger(__name__)


class Figures:
    """One for each web process. tally: what this process counts; whoever serves starts it.

    var_dir: whose disk and locks are looked at. redis: with short time-outs. None: nothing is said of them.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        *,
        var_dir: Path | None = None,
        redis: Redis | None = None,
        tally: Tally | None = None,
    ) -> None:
        self.tally = tally if tally is not None else Tally(database, "web", now)
        self._database = database
        self._now = now
        self._begun = now()
        self._var_dir = var_dir
        self._redis = redis
        self._channels: list[str] = []
        self._last: Sequence[Kept] = ()

    def refused(self, channel: str) -> Callable[[], None]:
        """What that channel's door calls for every wrong signature."""
        self._channels.append(channel)
        return lambda: self.tally.add(REFUSED, channel=channel)

    def zalo_matched(self, variant: str) -> None:
        self.tally.add("chophien_zalo_signatures", variant=variant)

    def text(self) -> bytes:
        """What this process has counted goes to the table first: every process then shows the same, never less."""
        self.tally.publish(only_news=True)
        registry = CollectorRegistry()
        registry.register(_Page(list(self._samples())))
        return generate_latest(registry)

    def _samples(self) -> Iterator[Sample]:
        yield from self._looked_up()
        yield from self._kept()
        if self._redis is not None:
            yield Sample("chophien_redis_up", self._redis_answers(self._redis))
        if self._var_dir is not None:
            try:
                yield from on_disk(self._var_dir, self._now())
            except OSError as error:
                log.warning("disk_unseen", error=type(error).__name__)

    def _looked_up(self) -> list[Sample]:
        try:
            with self._database.reading() as db:
                samples = list(in_tables(db, self._now(), self._var_dir))
                self._last = kept(db)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            return [Sample("chophien_database_up", 0)]
        return [*samples, Sample("chophien_database_up", 1)]

    def _kept(self) -> Iterator[Sample]:
        """What all have brought to the table."""
        now = self._now()
        beats: defaultdict[str, list[datetime]] = defaultdict(list)
        for row in self._last:
            if row.name == BEAT:
                beats[row.labels["process"]].append(row.at)
                yield Sample("chophien_process_seconds", age(row.at, now), row.labels)
            elif row.name not in NAMES or NAMES[row.name].kind == "counter":
                yield Sample(row.name, row.value, row.labels, row.since)
            elif now - row.at < FRESH:
                yield Sample(row.name, row.value, row.labels)
            if row.name == TURNS:
                yield Sample("chophien_turn_seconds", age(row.at, now))
        if beats["clock"]:
            yield Sample("chophien_clock_tick_seconds", age(max(beats["clock"]), now))
        counted = {row.labels["channel"] for row in self._last if row.name == REFUSED}
        for channel in self._channels:
            if channel not in counted:
                yield Sample(REFUSED, 0, {"channel": channel}, self._begun)

    def _redis_answers(self, redis: Redis) -> bool:
        try:
            return bool(redis.ping())
        except RedisError:
            return False


class _Page(Collector):
    """The samples in the form that Prometheus reads, each figure with its kind and what it says."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._of: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            self._of[sample.name].append(sample)

    def collect(self) -> Iterator[Metric]:
        for name, named in NAMES.items():
            if named.kind == "histogram":
                yield self._histogram(name, named)
                continue
            family = _family(name, named)
            found = self._of[name]
            if not found and named.kind == "counter" and not named.labels:
                found = [Sample(name, 0)]
            for sample in found:
                told = [sample.labels[label] for label in named.labels]
                if isinstance(family, CounterMetricFamily):
                    family.add_metric(told, sample.value, created=sample.since.timestamp() if sample.since else None)
                else:
                    family.add_metric(told, sample.value)
            yield family

    def _histogram(self, name: str, named: Named) -> HistogramMetricFamily:
        """Buckets hold what is as big as their bound or smaller: here they are added up."""
        family = HistogramMetricFamily(name, named.about)
        counts = {sample.labels["le"]: sample.value for sample in self._of[name + BUCKET]}
        total, buckets = 0.0, []
        for bound in (*map(str, SIZES), "+Inf"):
            total += counts.get(bound, 0.0)
            buckets.append((bound, total))
        summed = next((sample.value for sample in self._of[name + SUM]), 0.0)
        family.add_metric([], buckets, summed)
        return family


def _family(name: str, named: Named) -> GaugeMetricFamily | CounterMetricFamily:
    kind = CounterMetricFamily if named.kind == "counter" else GaugeMetricFamily
    return kind(name, named.about, labels=named.labels)
