"""The embedded channel layer hears doorbells of other processes."""

import asyncio
import socket
import subprocess
import sys

from executions.layers import EmbeddedChannelLayer

RING = """
import asyncio, sys
from executions.layers import EmbeddedChannelLayer
asyncio.run(EmbeddedChannelLayer(socket=sys.argv[1]).group_send("workers", {"type": "execution.wake"}))
"""


def ring_from_another_process(path, repository):
    return subprocess.run([sys.executable, "-c", RING, str(path)], cwd=repository, check=False, timeout=30)


async def test_a_doorbell_of_another_process_is_heard(tmp_path, repository):
    layer = EmbeddedChannelLayer(socket=tmp_path / "bell")
    await layer.listen()
    channel = await layer.new_channel()
    await layer.group_add("workers", channel)
    rung = await asyncio.to_thread(ring_from_another_process, tmp_path / "bell", repository)
    assert rung.returncode == 0
    assert await layer.receive(channel) == {"type": "execution.wake"}
    layer.close_listener()
    assert not (tmp_path / "bell").exists()


def test_a_doorbell_without_a_server_is_lost_without_an_error(tmp_path, repository):
    assert ring_from_another_process(tmp_path / "bell", repository).returncode == 0


async def test_what_is_no_doorbell_is_logged_and_the_next_one_is_heard(tmp_path, caplog):
    layer = EmbeddedChannelLayer(socket=tmp_path / "bell")
    await layer.listen()
    channel = await layer.new_channel()
    await layer.group_add("workers", channel)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.sendto(b"\xff not json", str(tmp_path / "bell"))
        bell.sendto(b'["workers", {"type": "execution.wake"}]', str(tmp_path / "bell"))
    assert await layer.receive(channel) == {"type": "execution.wake"}
    assert "not a doorbell" in caplog.text
    layer.close_listener()
