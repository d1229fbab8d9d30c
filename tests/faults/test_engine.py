"""What rendering and reading may take, and what they do when the device or the numbers fail."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import core
import desktop
from core.builtin.export import write_model
from core.engine import process
from core.engine.host import Died, RenderHost
from core.engine.loader import load_denoiser
from core.engine.memory import MemoryGauge
from core.engine.messages import (
    DEVICE_LOST_EXIT,
    Detect,
    DevicesFound,
    ItemTrouble,
    LoadModel,
    Render,
    Rendered,
)
from core.errors import ImageReadError, Reason
from core.images import decode
from core.images.codec import Codec
from core.images.photo import PhotoInfo
from core.images.tile import pass_shape
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings
from tests.core.engine.rig import Predict, Rig, grey, nan
from tests.core.engine.samples import photograph, save, small_network, write_spec
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment
from tests.faults.table import Tally

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    """A small random model in a folder like the built-in one's."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model")
    write_model(small_network(), folder)
    return write_spec(folder)


# what reading may take


@pytest.fixture
def wild() -> Iterator[Codec]:
    """A codec process in which files of certain names do harm, as a broken decoder would."""
    code = textwrap.dedent(
        """
        import os, time
        from core.images import process
        real = process.probe
        def probe(path):
            if "abort" in path.name: os.abort()
            if "spin" in path.name:
                while True: pass
            if "hang" in path.name: time.sleep(600)
            if "memory" in path.name: return bytearray(1 << 40)
            if "huge" in path.name:
                kept = [bytearray(1 << 24) for _ in range(1000)]
            if "write" in path.name: path.with_name("stolen").write_bytes(b"x")
            if "bug" in path.name: raise KeyError("a decoder's bug")
            return real(path)
        process.probe = probe
        process.CPU_SECONDS = 1
        process.MEMORY_LIMIT = 1 << 28
        process.main()
        """
    )
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with Codec([sys.executable, "-c", code], path, file_seconds=60) as codec:
        yield codec


HARM = {
    "abort.png": Reason.DECODE_ERROR,
    "spin.png": Reason.DECODE_ERROR,
    "memory.png": Reason.TOO_LARGE,
    "huge.png": Reason.TOO_LARGE,
    "write.png": Reason.DECODE_ERROR,
    "bug.png": Reason.DECODE_ERROR,
}


def test_one_bad_file_costs_only_itself(wild: Codec, tmp_path: Path, tally: Tally) -> None:
    """A file that crashes, eats memory or time, or tries to write: the rest is still shown."""
    good = [save(tmp_path, f"{number}.png", photograph(40, 60)) for number in range(7)]
    paths = list(good)
    for place, name in enumerate(HARM):
        paths.insert(2 * place, save(tmp_path, name, photograph(40, 60)))
    found = dict(zip(paths, wild.probe(paths), strict=True))
    losses = sum(not isinstance(found[path], PhotoInfo) for path in good)
    tally(38, "a file that crashes, hogs or attacks the codec process", len(HARM), losses)
    assert losses == 0
    for name, reason in HARM.items():
        bad = found[tmp_path / name]
        assert isinstance(bad, ImageReadError), name
        assert bad.reason is reason
        assert name in bad.message
    stolen = tmp_path / "stolen"
    assert not stolen.exists() or stolen.stat().st_size == 0


def test_a_file_that_hangs_its_reader_is_given_up(tmp_path: Path, tally: Tally) -> None:
    code = (
        "import time\nfrom core.images import process\n"
        "process.probe = lambda path: time.sleep(600)\nprocess.main()\n"
    )
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with Codec([sys.executable, "-c", code], path, file_seconds=0.3) as codec:
        (bad,) = codec.probe([save(tmp_path, "a.png", photograph(40, 60))])
    tally(8, "a file at which the codec process hangs", 1)
    assert isinstance(bad, ImageReadError)
    assert bad.reason is Reason.TIMED_OUT


def limits(pid: int) -> dict[str, str]:
    """Return the soft limits of a process, in bytes or seconds."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:47].strip() for line in lines}


@LINUX
def test_the_kernel_takes_the_children_before_the_window(tmp_path: Path) -> None:
    """A desktop that is short of memory loses a photograph's work, not the window."""
    host = RenderHost(FAKE_RENDER_COMMAND, fake_environment())
    host.send(Detect())
    while not isinstance(host.receive(60), DevicesFound):
        pass
    with Codec() as codec:
        codec.probe([save(tmp_path, "a.png", photograph(40, 60))])
        assert host.pid and codec.pid
        own = int(Path("/proc/self/oom_score_adj").read_text())
        for pid in (host.pid, codec.pid):
            assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= max(500, own)
        found = limits(codec.pid)
    host.stop(grace=0)
    assert found["Max file size"] == found["Max core file size"] == "0"
    assert 0 < int(found["Max address space"]) < 16 << 30
    assert 0 < int(found["Max cpu time"]) < 120


def sources() -> Iterator[Path]:
    for package in (core, desktop):
        yield from Path(str(package.__file__)).parent.rglob("*.py")


def test_no_picture_is_opened_without_a_list_of_formats() -> None:
    """Pillow alone would hand a file called .jpg to Ghostscript, or to a parser nobody chose."""
    opened, faults = 0, []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            if node.func.attr == "open" and isinstance(owner, ast.Name) and owner.id == "Image":
                opened += 1
                if not any(word.arg == "formats" for word in node.keywords):
                    faults.append(f"{path}:{node.lineno}")
    assert not faults
    assert opened


def one_bit_png(path: Path, side: int) -> Path:
    """Write a white square of any size in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    packer = zlib.compressobj()
    row = b"\0" + b"\xff" * (side // 8)
    packed = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = side.to_bytes(4) + side.to_bytes(4) + bytes((1, 0, 0, 0, 0))
    data = chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def test_what_cannot_fit_into_memory_is_refused_by_its_header(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    """Not a byte of it is unfolded: by then the computer would be swapping."""
    decoded: list[str] = []
    real = decode.decode_photo

    def watched(name: str, data: bytes, **options: Any) -> Any:
        decoded.append(name)
        return real(name, data, **options)

    monkeypatch.setattr(decode, "decode_photo", watched)
    monkeypatch.setattr(MemoryGauge, "total", lambda self: 4_000_000_000)
    rig = Rig(spec, tmp_path)
    rig.add(one_bit_png(tmp_path / "wall.png", 16_000))
    rig.add(photograph(60, 80))
    rig.work()
    (trouble,) = rig.of(ItemTrouble)
    tally(39, "more pixels than the computer's memory has room for", 1, "wall.png" in decoded)
    assert trouble.reason is Reason.TOO_LARGE
    assert "16000 x 16000" in trouble.message
    assert decoded == ["2.png"]
    assert [message.item for message in rig.of(Rendered)] == [2]


# what rendering does when memory, numbers or the device fail


def fails(times: int) -> Callable[[Predict], Predict]:
    """Run out of the device's memory in the first `times` passes."""
    left = [times]

    def spoil(plain: Predict) -> Predict:
        def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            left[0] -= 1
            if left[0] >= 0:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return plain(samples, timesteps)

        return answer

    return spoil


HEIGHT, WIDTH = 520, 64
LADDER = [(3, 0), (3, 0), (1, 0), (1, 512), (1, 256)]
"""Rows and tiles of the passes: the batch's own, the same again, one row, smaller tiles."""


def test_memory_is_won_back_step_by_step_and_each_step_is_tried_once(
    spec: ModelSpec, tmp_path: Path, tally: Tally
) -> None:
    expected = [(rows, 3, *pass_shape(HEIGHT, WIDTH, tile, 8)) for rows, tile in LADDER]
    assert len(set(expected)) == 4
    faults = []
    for times in range(len(LADDER) + 1):
        folder = tmp_path / str(times)
        folder.mkdir()
        rig = Rig(spec, folder, device="cuda:0", rows=3)
        rig.numerics = rig.numerics.model_copy(update={"tile": 768})
        rig.add(photograph(HEIGHT, WIDTH), amount=10)
        rig.work(fails(times), cpu=True)
        (rendered,) = rig.of(Rendered)
        tried = rig.calls[: times + 1]
        on_cpu = "on the processor" in str(rendered.facts.get("memory"))
        if tried != expected[: times + 1] or on_cpu is not (times == len(LADDER)):
            faults.append((times, tried, rendered.facts))
    tally(50, "the device's memory runs out at one step after the other", 15, len(faults))
    assert not faults


@pytest.mark.parametrize("spoil", [nan, grey])
def test_ruined_numbers_are_computed_again_exactly_or_never_kept(
    spec: ModelSpec, tmp_path: Path, tally: Tally, spoil: Callable[[Predict], Predict]
) -> None:
    """A night's batch in half precision holds no black picture in the morning."""
    ruined = {3, 4, 9, 11, 16}

    def sometimes(plain: Predict) -> Predict:
        calls = [0]

        def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            calls[0] += 1
            chosen = spoil(plain) if calls[0] in ruined else plain
            return chosen(samples, timesteps)

        return answer

    def work(name: str, dtype: str) -> Rig:
        (tmp_path / name).mkdir()
        rig = Rig(spec, tmp_path / name, dtype=dtype)
        for number in range(20):
            rig.add(
                photograph(64, 64, seed=number),
                mode="repaint",
                strength=0.3,
                num_inference_steps=3,
            )
        rig.work(counting(sometimes))
        return rig

    def counting(inner: Callable[[Predict], Predict]) -> Callable[[Predict], Predict]:
        made: list[Predict] = []

        def once(plain: Predict) -> Predict:
            made.append(made[0] if made else inner(plain))
            return made[0]

        return once

    half, exact = work("half", "bf16"), work("exact", "fp32")
    again = {m.item for m in half.of(Rendered) if m.facts["dtype"] == "fp32"}
    troubled = {message.item for message in exact.of(ItemTrouble)}
    kept = {int(name.removesuffix(".tmp")) for name in exact.files() | half.files()}
    black = [item for item in kept for rig in (half, exact) if _is_flat(rig, item)]
    tally(52, f"a network that answers {spoil.__name__}", 2 * len(ruined), len(black))
    assert not black
    assert again == troubled == ruined
    assert len(half.of(Rendered)) == 20
    assert len(exact.files()) == 15


def _is_flat(rig: Rig, item: int) -> bool:
    path = rig.folder / f"{item}.tmp"
    if not path.exists():
        return False
    with Image.open(path) as image:
        return bool(np.asarray(image).std() < 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), DEVICE_LOST_EXIT),
        (torch.AcceleratorError("CUDA error: unknown error"), DEVICE_LOST_EXIT),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"), DEVICE_LOST_EXIT),
        (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"), DEVICE_LOST_EXIT),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), process.BUG),
        (KeyError("a bug"), process.BUG),
    ],
)
def test_a_device_that_failed_is_told_from_a_bug(error: Exception, code: int) -> None:
    """After such an error every later call fails: only a new process can go on."""
    assert process._exit_code(error) == code


@pytest.mark.slow
def test_a_real_process_whose_device_fails_ends_and_says_so(
    spec: ModelSpec, tmp_path: Path, tally: Tally
) -> None:
    code = textwrap.dedent(
        """
        import torch
        from core.engine import loader, process
        def predict(self, samples, timesteps):
            raise torch.AcceleratorError("CUDA error: device-side assert triggered")
        loader.Denoiser.predict = predict
        process.main()
        """
    )
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    host = RenderHost([sys.executable, "-c", code], path)
    source = save(tmp_path, "a.png", photograph(60, 80))
    host.send(LoadModel(model=spec, device="cpu"))
    digest = decode.read_photo(source).sha256
    target = tmp_path / "a.tmp"
    host.send(
        Render(
            item=1,
            attempt=1,
            source=source,
            source_sha256=digest,
            target=target,
            edit=EditSettings(amount=10),
            output=OutputSettings(),
        )
    )
    while not isinstance(heard := host.receive(120), Died):
        assert heard is not None
    tally(51, "a device-side assert in the real render process", 1, target.exists())
    assert heard.device_lost
    assert heard.announced == (1,)
    assert not target.exists()


def test_a_model_that_asks_for_a_network_of_any_size_takes_no_memory(
    spec: ModelSpec, tmp_path: Path
) -> None:
    """Three numbers in its settings would otherwise take all memory before a weight is read."""
    folder = Path(shutil.copytree(spec.folder, tmp_path / "model"))
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"widths": [10**6] * 3}))
    with pytest.raises(Exception, match="does not fit"):
        load_denoiser(write_spec(folder), "cpu", "fp32")
