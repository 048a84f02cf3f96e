"""One onnxruntime session per process and network: the only module that imports onnxruntime."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from . import weights

_LOCK = threading.Lock()
_OPEN: dict[str, Any] = {}


def run(name: str, pictures: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
    """Feed a batch to a network and give all of its outputs.

    One thread, no waiting in a loop, the same result for the same batch on every run.

    Parameters
    ----------
    name
        One of `weights.SOURCES`.
    pictures
        Shape (n, 3, height, width) as the network wants it.

    Raises
    ------
    WeightsError
        As `weights.network`.
    """
    session = _OPEN.get(name) or _open(name)
    found: list[npt.NDArray[np.float32]] = session.run(None, {session.get_inputs()[0].name: pictures})
    return found


def _open(name: str) -> Any:
    with _LOCK:
        if name not in _OPEN:
            onnxruntime.set_default_logger_severity(3)  # errors only
            onnxruntime.disable_telemetry_events()
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 3
            options.use_deterministic_compute = True
            providers = ["CPUExecutionProvider"]
            _OPEN[name] = onnxruntime.InferenceSession(weights.network(name), options, providers=providers)
        return _OPEN[name]


def unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Give vectors, shape (n, D), the length 1; a vector of zeros stays."""
    length = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)
