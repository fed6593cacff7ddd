"""Read the weights out of an ONNX file: just enough of its protocol-buffer layout, no graph is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

# Field numbers of the ONNX messages that are read here.
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER = 1, 5
NODE_INPUT, NODE_OUTPUT, NODE_OPERATION = 1, 2, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_DATA = 1, 2, 8, 9
FLOAT = 1


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the fp32 initializers by name.

    Those that an exporter transposed for a matrix product, and so renamed, come as `weight` of the product's own path:
    `/a/b/MatMul_output_0` gives `a.b.weight` [out, in].

    Raises ValueError when the file holds no graph.
    """
    graph = dict(fields(memoryview(path.read_bytes()))).get(MODEL_GRAPH)
    if not isinstance(graph, memoryview):
        raise ValueError(f"{path} is not an ONNX model: it has no graph.")
    parts = list(fields(graph))
    weights = dict(
        tensor(part) for number, part in parts if number == GRAPH_INITIALIZER and isinstance(part, memoryview)
    )
    for number, part in parts:
        if number == GRAPH_NODE and isinstance(part, memoryview):
            operation, inputs, outputs = node(part)
            if operation == "MatMul" and inputs[1] in weights:
                path_of_product = outputs[0].removesuffix("/MatMul_output_0").strip("/")
                weights[path_of_product.replace("/", ".") + ".weight"] = weights.pop(inputs[1]).T.contiguous()
    return weights


def tensor(message: memoryview) -> tuple[str, Tensor]:
    """Return the name and the values of an initializer; an empty tensor for other types than fp32."""
    dims: list[int] = []
    name, kind, data = "", 0, memoryview(b"")
    for number, value in fields(message):
        if number == TENSOR_DIMS and isinstance(value, int):
            dims.append(value)
        elif number == TENSOR_TYPE and isinstance(value, int):
            kind = value
        elif number == TENSOR_NAME and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif number == TENSOR_DATA and isinstance(value, memoryview):
            data = value
    if kind != FLOAT:
        return name, torch.empty(0)
    return name, torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(dims)


def node(message: memoryview) -> tuple[str, list[str], list[str]]:
    """Return a node's operation and the names of its inputs and outputs."""
    texts: dict[int, list[str]] = {NODE_INPUT: [], NODE_OUTPUT: [], NODE_OPERATION: []}
    for number, value in fields(message):
        if number in texts and isinstance(value, memoryview):
            texts[number].append(bytes(value).decode())
    return "".join(texts[NODE_OPERATION]), texts[NODE_INPUT], texts[NODE_OUTPUT]


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Walk a protocol-buffer message: (field number, integer or bytes)."""
    position = 0
    while position < len(message):
        key, position = integer(message, position)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, position = integer(message, position)
            yield number, value
            continue
        length = {1: 8, 5: 4}.get(wire)
        if length is None:
            length, position = integer(message, position)
        yield number, message[position : position + length]
        position += length


def integer(message: memoryview, position: int) -> tuple[int, int]:
    """Read a variable-length integer; return it and the position after it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return value, position
