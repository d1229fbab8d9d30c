"""Messages between processes: a lost or garbled one would lose photographs without a word."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from core.channel import MAX_MESSAGE, Channel, ChannelClosed, ProtocolError, encode


class Note(BaseModel):
    text: str = ""
    path: Path = Path("x")
    numbers: tuple[int, ...] = ()


NOTE: TypeAdapter[Note] = TypeAdapter(Note)


@pytest.fixture
def ends() -> Iterator[tuple[Channel[Note], Channel[Note], int]]:
    """Two channels that talk to each other, and the raw descriptor the first reads from."""
    a_reads, b_writes = os.pipe()
    b_reads, a_writes = os.pipe()
    raw = os.dup(b_writes)
    a, b = Channel(a_reads, a_writes, NOTE), Channel(b_reads, b_writes, NOTE)
    yield a, b, raw
    for channel in (a, b):
        channel.close_sending()
        channel.close_receiving()
    os.close(raw)


def test_what_is_sent_arrives_in_order_with_its_bytes(ends) -> None:
    a, b, _ = ends
    b.send(Note(text="first", numbers=(1, 2)), tail=b"\x00\xffJPEG")
    b.send(Note(text="a\u2028ü"))
    assert a.receive_with_tail() == (Note(text="first", numbers=(1, 2)), b"\x00\xffJPEG")
    assert a.receive() == Note(text="a\u2028ü")


def test_a_file_name_that_is_no_utf8_survives(ends) -> None:
    a, b, _ = ends
    path = Path(os.fsdecode(b"/photos/caf\xe9 \n.jpg"))
    b.send(Note(path=path))
    assert os.fsencode(a.receive().path) == os.fsencode(path)


def test_sending_from_many_threads_mixes_no_frames(ends) -> None:
    a, b, _ = ends

    def send(name: str) -> None:
        for number in range(50):
            b.send(Note(text=name * 5000, numbers=(number,)))

    threads = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    seen: dict[str, list[int]] = {}
    for _ in range(200):
        note = a.receive()
        assert len(set(note.text)) == 1
        seen.setdefault(note.text[0], []).append(note.numbers[0])
    assert seen == {name: list(range(50)) for name in "abcd"}
    for thread in threads:
        thread.join()


def test_the_end_of_the_other_side_is_told_even_inside_a_message(ends) -> None:
    a, b, raw = ends
    os.write(raw, encode(Note(text="cut"))[:-3])
    os.close(os.dup(raw))
    b.close_sending()
    os.dup2(os.open(os.devnull, os.O_WRONLY), raw)
    with pytest.raises(ChannelClosed):
        a.receive()


def test_sending_to_one_that_is_gone_is_told(ends) -> None:
    a, b, _ = ends
    a.close_receiving()
    os.dup2(os.open(os.devnull, os.O_WRONLY), ends[2])
    with pytest.raises(ChannelClosed):
        for _ in range(100):
            b.send(Note(text="x" * 10000))


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x00\x00\x02\x00\x00\x00\x00{]",
        b"\x00\x00\x00\x02\x00\x00\x00\x00[]",
        b'\x00\x00\x00\x0d\x00\x00\x00\x00{"numbers":1}',
        b"Segmentation fault",
        b"\xff\xff\xff\xff\x00\x00\x00\x00",
    ],
    ids=["no JSON", "no object", "wrong type", "a stray print", "absurd length"],
)
def test_what_is_no_message_is_refused_before_it_is_believed(ends, frame: bytes) -> None:
    os.write(ends[2], frame)
    with pytest.raises(ProtocolError):
        ends[0].receive()


def test_a_message_that_nobody_would_take_is_not_sent() -> None:
    with pytest.raises(ValueError, match="too long"):
        encode(Note(text="x" * MAX_MESSAGE))


def test_a_stray_print_in_a_child_cannot_garble_the_stream() -> None:
    """Libraries print to stdout; the batch must not stop for it."""
    code = (
        "import os, sys\n"
        "from core.channel import Channel\n"
        "from tests.core.test_channel import NOTE, Note\n"
        "channel = Channel.from_stdio(NOTE)\n"
        "print('hello from a library', flush=True)\n"
        "os.write(1, b'and from C')\n"
        "note = channel.receive()\n"
        "channel.send(Note(text=note.text + repr(sys.stdin.read())))\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        input=encode(Note(text="asked")),
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout == encode(Note(text="asked''"))
    assert b"hello from a library" in process.stderr
    assert b"and from C" in process.stderr
