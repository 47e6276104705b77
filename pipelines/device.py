"""Which device computes, in which precision, and with which settings its bits repeat.

Importing this module, and asking it on a machine without an accelerator, does not import torch.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from components.errors import Problem, UserError

if TYPE_CHECKING:
    import torch

    from pipelines.cell import Training

DeviceClass: TypeAlias = Literal["cpu", "cuda", "mps"]

_DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))  # NVIDIA, AMD, Windows
_CPU_INFORMATION = Path("/proc/cpuinfo")


@cache
def device_class() -> DeviceClass:
    """Return the class of device that cells are trained on here: the best there is."""
    if _surely_without_accelerator():
        return "cpu"
    import torch  # noqa: PLC0415  # takes seconds, and most machines are answered above

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def resolved(training: "Training", device: str) -> "Training":
    """Return `training` with every `auto` decided by what `device` can do.

    Args:
        training: of a cell.
        device: a class of device.
    """
    if training.precision != "auto":
        return training
    return replace(training, precision="bfloat16" if _fast_bfloat16(device) else "float32")


def refuse_what_is_not_there(training: "Training") -> None:
    """Refuse settings that this version cannot carry out.

    Raises:
        UserError: more than one device.
    """
    if training.devices != 1:
        hint = "expected 1; several cells do train at once, one on each device"
        what = "one cell on several devices is not supported yet"
        raise UserError(Problem(what, "", "training.devices", str(training.devices), (hint,)))


def torch_version() -> str:
    """Return the version of torch without its build, `2.13.0`; torch is not imported."""
    return importlib.metadata.version("torch").partition("+")[0]


def hardware() -> dict[str, Any]:
    """Describe this machine: `cpu`, `instruction_set` (of torch's kernels) and `gpu` or None."""
    import torch  # noqa: PLC0415  # for provenance only, in a process that trains

    gpu = torch.cuda.get_device_name() if device_class() == "cuda" else None
    instructions = torch.backends.cpu.get_cpu_capability()
    return {"cpu": _cpu_model(), "instruction_set": instructions, "gpu": gpu}


def single_threaded() -> None:
    """Let torch compute on one thread: workers share the cores, and threads would fight."""
    import torch  # noqa: PLC0415  # in a process that trains

    torch.set_num_threads(1)


@contextmanager
def reproducible(device: "torch.device") -> Iterator[None]:
    """Choose kernels whose bits repeat, and put the settings back afterwards.

    A kernel that has no such twin is an error, on a GPU too: with a mere warning, torch would let
    the backward pass of its memory-efficient attention add in any order. On a GPU
    `CUBLAS_WORKSPACE_CONFIG` must be set before the first matrix product, which workers do. MPS
    promises less: there such a kernel runs with a warning.
    """
    import torch  # noqa: PLC0415  # in a process that trains
    import torch.utils.deterministic as settings  # noqa: PLC0415  # likewise

    before = torch.get_deterministic_debug_mode()
    filled = settings.fill_uninitialized_memory  # type: ignore[attr-defined]  # set by a C module
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # not use_deterministic_algorithms: that imports the compiler first, which takes a second
    torch.set_deterministic_debug_mode("warn" if device.type == "mps" else "error")
    settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # only costs time
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)
        settings.fill_uninitialized_memory = filled  # type: ignore[attr-defined]  # as above


def _surely_without_accelerator() -> bool:
    if platform.system() == "Darwin":
        return False
    linux = platform.system() == "Linux"
    return not _built_for_accelerators() or (linux and not any(each.exists() for each in _DRIVERS))


def _built_for_accelerators() -> bool:
    """Read what the installed torch was built for from its version file."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return True
    version = Path(found.origin).with_name("version.py")
    if not version.exists():
        return True
    text = version.read_text(encoding="utf-8")
    built = dict(re.findall(r"^(cuda|hip)\b.*= (.+)$", text, re.MULTILINE))
    return any(value != "None" for value in built.values()) or not built


def _fast_bfloat16(device: str) -> bool:
    if device != "cuda":  # a CPU computes in bfloat16 ten times slower than in float32
        return False
    import torch  # noqa: PLC0415  # on a machine with a GPU

    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_model() -> str:
    if _CPU_INFORMATION.exists():
        text = _CPU_INFORMATION.read_text(encoding="utf-8", errors="replace")
        named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
        if named:
            return named.group(1)
    return platform.processor() or platform.machine()
