"""Networks as they are shipped, made ready for onnxruntime: the only module that imports onnx.

The face networks keep their weights in blocks of eight-bit numbers, in a form that onnxruntime does
not load; they are multiplied out once. Inputs that are only weights go, sizes become free where the
network allows it, and what nobody reads is cut off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

FREE: dict[str, tuple[int | str, ...]] = {
    "look": ("n", 3, "height", "width"),
    "detect": (1, 3, "height", "width"),
    "face": ("n", 3, 112, 112),
}
"""Shape of the one input of each network; names are sizes that the caller chooses."""


def prepared(name: str, source: bytes) -> bytes:
    """Rewrite a network so that onnxruntime runs it as this room needs it.

    Parameters
    ----------
    name
        One of `FREE`.
    source
        The ONNX file as it lies in its package.

    Returns
    -------
    bytes
        An ONNX file with float32 weights and one input.
    """
    model = onnx.load_model_from_string(source)
    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    _fold(graph, weights)
    if name == "look":
        _end_at_pooling(graph)
    if name == "face":
        _drop_dropout(graph)
        _spell_out_prelu(graph, weights)
    _drop_unused(graph, weights)
    read = {given for node in graph.node for given in node.input}
    real = [one for one in graph.input if one.name in read and one.name not in weights]
    assert len(real) == 1, f"{name} has {len(real)} inputs"
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(real[0].name, onnx.TensorProto.FLOAT, FREE[name]))
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    del graph.value_info[:]  # sizes of the file's own input
    model.ir_version = max(model.ir_version, 4)  # from 4 on, weights need not be inputs
    return bytes(model.SerializeToString())


def _fold(graph: Any, weights: dict[str, Any]) -> None:
    """Turn quantised weights and their reshaping into plain float32 weights."""
    kept = []
    for node in graph.node:
        constant = all(name in weights for name in node.input)
        if constant and node.op_type in ("DequantizeLinear", "Reshape"):
            values = [numpy_helper.to_array(weights[name]) for name in node.input]
            given = {one.name: helper.get_attribute_value(one) for one in node.attribute}
            if node.op_type == "Reshape":
                made = values[0].reshape(values[1])
            else:
                made = multiplied(*values, axis=given.get("axis", 1), block=given.get("block_size", 0))
            weights[node.output[0]] = numpy_helper.from_array(np.ascontiguousarray(made), node.output[0])
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def multiplied(values: Any, scale: Any, zero: Any, *, axis: int, block: int) -> Any:
    """Block-wise ``(values − zero) · scale`` in float32, as ONNX's DequantizeLinear-21 defines it.

    Parameters
    ----------
    values
        Whole numbers, any shape.
    scale, zero
        One number per block of `block` values along `axis`.
    axis, block
        Where the blocks lie and how long they are; block 0 is one scale per index of `axis`.
    """
    if block:
        size = values.shape[axis]
        scale = np.repeat(scale, block, axis).take(range(size), axis)
        zero = np.repeat(zero, block, axis).take(range(size), axis)
    elif np.ndim(scale):
        shape = [1] * values.ndim
        shape[axis] = -1
        scale, zero = np.reshape(scale, shape), np.reshape(zero, shape)
    return (values.astype(np.float32) - zero.astype(np.float32)) * scale


def _end_at_pooling(graph: Any) -> None:
    """Read the pooled features; what classifies them is not needed."""
    end = next(node for node in graph.node if node.op_type == "GlobalAveragePool")
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(end.output[0], onnx.TensorProto.FLOAT, None))


def _drop_dropout(graph: Any) -> None:
    """Take out dropout, which does nothing outside training."""
    same = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Dropout"}
    kept = [node for node in graph.node if node.op_type != "Dropout"]
    for node in kept:
        for place, name in enumerate(node.input):
            node.input[place] = same.get(name, name)
    del graph.node[:]
    graph.node.extend(kept)


def _spell_out_prelu(graph: Any, weights: dict[str, Any]) -> None:
    """Write PRelu with slope a as ``a·x + (1 − a)·relu(x)``, which onnxruntime does in half the time.

    Its own PRelu takes one number at a time; in SFace that is as long as all convolutions together.
    """
    nodes = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        (x, name), result = node.input, node.output[0]
        slope = numpy_helper.to_array(weights[name]).astype(np.float32)
        parts = [f"{result}_{part}" for part in ("slope", "rest", "all", "positive", "more")]
        for part, value in zip(parts, (slope, 1 - slope), strict=False):
            weights[part] = numpy_helper.from_array(value, part)
        nodes += [
            helper.make_node("Mul", [x, parts[0]], [parts[2]]),
            helper.make_node("Relu", [x], [parts[3]]),
            helper.make_node("Mul", [parts[3], parts[1]], [parts[4]]),
            helper.make_node("Add", [parts[2], parts[4]], [result]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _drop_unused(graph: Any, weights: dict[str, Any]) -> None:
    """Keep the nodes that an output needs, and the weights that they read."""
    wanted = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):  # in the order of computing
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    del graph.initializer[:]
    graph.initializer.extend(weight for name, weight in weights.items() if name in wanted)
