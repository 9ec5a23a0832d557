"""A web process is killed: its readers go to another one."""

from __future__ import annotations

import pytest

from tests.processes.distributed.reader import Reader
from tests.processes.distributed.site import Site

pytestmark = pytest.mark.services


def test_readers_of_a_killed_web_process_reconnect_to_another_and_miss_nothing(site: Site) -> None:
    (doomed, other), _ = site.start(webs=2, workers=1)
    ids = site.queue(10, "count 100 every 50ms")
    readers = [Reader(site, [doomed, other], execution_id) for execution_id in ids]
    for reader in readers:
        reader.wait_for_events(10)
    doomed.kill()
    for reader in readers:
        reader.wait()
        reader.assert_whole(site)
        assert reader.connections >= 2
    assert site.outcomes() == {"succeeded": 10}
    site.assert_each_has_one_story()
