"""What is known of a device that networks run on."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class DeviceKind(StrEnum):
    """Kinds of device, best first."""

    CUDA = "cuda"
    ROCM = "rocm"
    XPU = "xpu"
    MPS = "mps"
    CPU = "cpu"


class DeviceInfo(BaseModel):
    """A device that is here; `problem` and `repair` say why it cannot be used and what helps.

    Memory in bytes; `dtype` is what `auto` chooses (fp32, bf16, fp16).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: DeviceKind
    index: int = 0
    name: str
    total_memory: int
    free_memory: int
    dtype: str
    usable: bool = True
    problem: str = ""
    repair: str = ""

    @property
    def key(self) -> str:
        """Return the name for `--device`: `cpu`, `cuda:0`."""
        return self.kind.value if self.kind is DeviceKind.CPU else f"{self.kind.value}:{self.index}"
