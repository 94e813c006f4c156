"""Two web and three worker processes on "hosts" of their own, one PostgreSQL, one Redis: every promise is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests
from redis import Redis
from sqlalchemy import text

from bot.run.kin import OWNER_LOCK
from catalog import trace
from tests.e2e.stage import eventually
from tests.trouble.hosts import WEBS, WORKERS, Hosts, redis_on_tcp
from tests.trouble.oracle import judged, order_codes
from tests.trouble.stage import prepare
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e


@pytest.fixture
def hosts(tmp_path: Path, today: Callable[[str, str], str]) -> Iterator[Hosts]:
    """Started. At the end the oracle looks at all of it, and whoever was not killed must end in order."""
    url, base = today("postgresql", tmp_path.name), today("sqlite", f"{tmp_path.name}-base")
    codes = [trace.make() for _ in range(8)]
    for each in (url, base):
        prepare(each, codes)
    with redis_on_tcp(tmp_path) as redis_url:
        stage = Hosts(tmp_path, url, redis_url, base_url=base, invitations=codes)
        try:
            stage.start()
            yield stage
            if not stage.judged:
                judged(stage)
            stage.stop()
        finally:
            stage.close()


def owners(stage: Hosts) -> int:
    """How many hold the lock of who takes turns, by the database itself."""
    with stage.database.reading() as db:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = :number"
        return int(db.scalar(text(held), {"number": OWNER_LOCK}) or 0)


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.soak, id="soak")])
def test_when_the_worker_at_work_is_killed_another_goes_on_and_every_promise_is_kept(hosts: Hosts, kills: int) -> None:
    with Traffic(hosts, seed=kills) as traffic:
        for number in range(kills):
            traffic.wait_for_more(30)
            hosts.busy()
            before = hosts.owner()
            assert (before in WORKERS, owners(hosts)) == (True, 1)
            hosts.kill_host(before)
            assert (hosts.owner() not in {before, ""}, owners(hosts)) == (True, 1)
            if number + 1 < kills:
                hosts.begin(before)  # its host comes back and stands by
        traffic.wait_for_more(30)

    verdict = judged(hosts)

    assert sorted(traffic.codes) == order_codes(hosts)
    assert {"bought", "asked"} <= traffic.told.keys()
    assert len(verdict.by_kill) == kills
    assert hosts.meta.statuses[200] == len(hosts.meta.acks_s) > 60


def test_a_web_that_dies_costs_no_message_and_those_who_stand_by_cost_next_to_nothing(hosts: Hosts) -> None:
    idle = [psutil.Process(hosts.running[name].pid) for name in WORKERS if name != hosts.owner()]
    with Traffic(hosts, seed=3) as traffic:
        traffic.wait_for_more(40)
        spent = sum(sum(one.cpu_times()[:2]) for one in idle)
        hosts.kill_host(WEBS[0])
        traffic.wait_for_more(60)
        assert sum(sum(one.cpu_times()[:2]) for one in idle) - spent < 1.0  # seconds of CPU of both

    judged(hosts, may_repeat=False)
    assert sorted(traffic.codes) == order_codes(hosts)


@pytest.mark.soak
def test_with_redis_emptied_and_both_webs_busy_all_is_answered(hosts: Hosts) -> None:
    with Traffic(hosts, seed=4) as traffic:
        for _ in range(5):
            traffic.wait_for_more(15)
            with Redis.from_url(hosts.redis_url) as redis:
                redis.flushall()
    judged(hosts, may_repeat=False)
    assert sorted(traffic.codes) == order_codes(hosts)


def test_the_page_of_figures_is_the_same_on_every_web_and_tells_of_all_hosts(hosts: Hosts) -> None:
    with Traffic(hosts, seed=5) as traffic:
        traffic.wait_for_more(40)
    hosts.rest()

    def shown(name: str) -> dict[str, float]:
        page = requests.get(f"http://127.0.0.1:{hosts.ports[name]}/metrics", timeout=10).text
        lines = [line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#")]
        return {figure: float(value) for figure, value in lines}

    def counted(name: str) -> tuple[float, float]:
        page = shown(name)
        return page['chophien_deliveries_total{channel="messenger"}'], page["chophien_turns_total"]

    taken = float(hosts.meta.statuses[200])
    # Each web and the worker bring what they have counted within ten seconds.
    eventually(lambda: [counted(name) for name in WEBS] == [(taken, float(_turns(hosts)))] * 2, "all is counted", 30)
    for name in WEBS:
        page = shown(name)
        assert [page["chophien_worker_alive"], page["chophien_database_up"], page["chophien_redis_up"]] == [1, 1, 1]
        assert page["chophien_clock_tick_seconds"] < 30
        kinds = {figure.split('process="')[1].split('"')[0] for figure in page if "chophien_process_seconds" in figure}
        assert kinds == {"web", "worker", "clock"}


def _turns(stage: Hosts) -> int:
    with stage.database.reading() as db:
        return int(db.scalar(text("SELECT count(*) FROM inbox WHERE kind <> 'Silent'")) or 0)
