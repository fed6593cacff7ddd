"""The reader of ONNX weights, on a file written here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from vlm2.encoders.onnx import read_weights


def number(value: int) -> bytes:
    """Write a variable-length integer."""
    head, rest = value & 127, value >> 7
    return bytes([head | 128]) + number(rest) if rest else bytes([head])


def field(key: int, value: int | bytes) -> bytes:
    """Write a field of a protocol-buffer message."""
    if isinstance(value, int):
        return number(key << 3) + number(value)
    return number(key << 3 | 2) + number(len(value)) + value


def initializer(name: str, values: np.ndarray) -> bytes:
    kind = {"float32": 1, "int64": 7}[values.dtype.name]
    dims = b"".join(field(1, size) for size in values.shape)
    return field(5, dims + field(2, kind) + field(8, name.encode()) + field(9, values.tobytes()))


def product(inputs: list[str], output: str) -> bytes:
    names = b"".join(field(1, name.encode()) for name in inputs)
    return field(1, names + field(2, output.encode()) + field(4, b"MatMul"))


def test_named_and_nameless_weights(tmp_path: Path) -> None:
    bias, matrix = np.arange(300, dtype=np.float32), np.arange(6, dtype=np.float32).reshape(2, 3)
    graph = (
        initializer("net.bias", bias) + initializer("onnx::MatMul_7", matrix) + initializer("shape", np.array([1, 2]))
    )
    graph += product(["/x", "onnx::MatMul_7"], "/net/query/MatMul_output_0") + product(
        ["/q", "/k"], "/net/MatMul_output_0"
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(field(1, 8) + field(2, b"a producer") + field(7, graph))
    weights = read_weights(path)
    assert set(weights) == {"net.bias", "net.query.weight", "shape"}
    torch.testing.assert_close(weights["net.bias"], torch.from_numpy(bias))
    torch.testing.assert_close(weights["net.query.weight"], torch.from_numpy(matrix.T.copy()))
    assert weights["shape"].numel() == 0


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(ValueError, match="not an ONNX model"):
        read_weights(tmp_path / "empty.onnx")
