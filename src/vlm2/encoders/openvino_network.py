"""Frozen networks that OpenVINO computes on a CPU in the place of PyTorch."""

from __future__ import annotations

import copy
import hashlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..cache import cache_folder, whole_file
from .runtime import INSTALL

FOLDER = "openvino"  # in the cache folder
CONVERSION = 1  # raise it when a converted network computes something else: older cached files are then not used
CHECKSUM = hashlib.sha256().digest_size  # bytes of a file before the network
TELEMETRY = "openvino_telemetry"

_lock = threading.Lock()


class OpenVINONetwork:
    """A frozen network that OpenVINO computes on the CPU, an image at a time.

    `compute` takes `module` and images in [0, 1], and returns one or several tensors with an element for each image. It
    is converted from `module` as it is now, and then takes images of all sizes that the module takes. It computes in
    bfloat16 if the module does so, and otherwise in single precision, on half of PyTorch's threads.

    The compiled network is kept in the cache folder under `name`, its weights and the version of OpenVINO. Safe to use
    from several threads.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        compute: Callable[..., Tensor | tuple[Tensor, ...]],
    ) -> None:
        core = _core()
        bits16 = next(module.parameters()).dtype == torch.bfloat16
        able = sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if bits16 and "BF16" in able else "f32",
            "INFERENCE_NUM_THREADS": usual_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # networks that run at once would share a core
        }
        facts = (CONVERSION, name, _version(), able, torch.backends.cpu.get_cpu_capability(), bits16)
        digest = _digest(module, facts)
        file = cache_folder() / FOLDER / f"{name}-{digest[:16]}.blob"
        compiled = None
        with suppress(OSError, RuntimeError):  # it is not there, or OpenVINO cannot read it
            compiled = core.import_model(_read_checked(file), "CPU", options)
        if compiled is None:
            compiled = core.compile_model(_converted(module, compute), "CPU", options)
            with suppress(OSError):  # without a cache, the network is converted by every process
                _write_checked(file, compiled.export_model().getvalue())
        self._compiled, self._idle = compiled, list[Any]()

    def __deepcopy__(self, memo: dict[int, Any]) -> OpenVINONetwork:
        """Return this network: it never changes, and OpenVINO's part of it cannot be copied."""
        return self

    def __call__(self, images: Float[Tensor, "frames 3 height width"]) -> tuple[Tensor, ...]:
        """Return the outputs for images in [0, 1], in their dtype."""
        array = images.float().contiguous().numpy()
        with self._request() as request:
            found = [tuple(request.infer([array[at : at + 1]], share_inputs=True).values()) for at in range(len(array))]
        return tuple(torch.from_numpy(np.concatenate(output)).to(images.dtype) for output in zip(*found, strict=True))

    @contextmanager
    def _request(self) -> Iterator[Any]:
        """Yield a request that no other thread uses meanwhile: a request holds the inputs and outputs of one call."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            yield request
        finally:
            self._idle.append(request)


def usual_threads() -> int:
    """Return half of PyTorch's threads: a session that looks ahead computes two networks at once."""
    return max(torch.get_num_threads() // 2, 1)


@torch.inference_mode(False)
@torch.no_grad()
def _converted(module: nn.Module, compute: Callable[..., Tensor | tuple[Tensor, ...]]) -> Any:
    """Return a network as a model of OpenVINO, in single precision."""
    from openvino import PartialShape
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    whole = copy.deepcopy(module).float()
    with _lock:  # PyTorch keeps what it knows of a trace in one place
        traced = torch.jit.trace(lambda images: compute(whole, images), torch.zeros(1, 3, 64, 64), check_trace=False)
    # Not by openvino.convert_model, which sends telemetry.
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced)  # has to live as long as the conversion
    model = frontend.convert(frontend.load(decoder))
    model.reshape(PartialShape([1, 3, -1, -1]))
    return model


def _read_checked(file: Path) -> bytes:
    """Return what `_write_checked` wrote. Raises OSError for a file that is missing or damaged, which OpenVINO itself
    does not notice."""
    content = file.read_bytes()
    checksum, blob = content[:CHECKSUM], content[CHECKSUM:]
    if hashlib.sha256(blob).digest() != checksum:
        raise OSError(f"{file} is damaged.")
    return blob


def _write_checked(file: Path, blob: bytes) -> None:
    """Write a compiled network behind its checksum."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as partial:
        partial.write_bytes(hashlib.sha256(blob).digest() + blob)


def _digest(module: nn.Module, facts: Sequence[Any]) -> str:
    """Hash a module's weights and facts about its compiled form."""
    digest = hashlib.sha256(repr(facts).encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@cache
def _core() -> Any:
    """Return OpenVINO's devices. Raises ValueError where it does not work."""
    try:
        with _lock, _without_telemetry():
            from openvino import Core
        core = Core()
        core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, AttributeError, RuntimeError) as error:
        raise ValueError(f"OpenVINO does not work here ({error}). Get another version:  {INSTALL}") from None
    return core


def _version() -> str:
    from openvino import get_version

    return get_version()


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Hide the package openvino_telemetry from imports in the context. OpenVINO does without it where it is missing,
    and otherwise sends an event over the network when it is imported."""
    modules: dict[str, Any] = sys.modules
    if TELEMETRY in modules:
        yield
        return
    modules[TELEMETRY] = None  # an import of it raises ModuleNotFoundError
    try:
        yield
    finally:
        del modules[TELEMETRY]
