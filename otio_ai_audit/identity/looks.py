"""How a region looks, as a vector of a network that was trained on photographs of a thousand things.

Size against quality, on 157 stills of 33 subjects (least distance over the whole, 80 and 60 % of the middle;
the odd one out in 93 groups that were each given one of the three nearest other subjects; CPU on one core):

====  ================  ===========  ======================  ===========
side  same/other (AUC)  odd one out  margin of the odd one   ms a region
====  ================  ===========  ======================  ===========
224             .9975        93/93                    1.58          9.4
192             .9974        93/93                    1.55          7.1
160             .9964        93/93                    1.50          5.0
128             .9962        91/93                    1.44          3.4
 96             .9904        87/93                    1.43          2.2
====  ================  ===========  ======================  ===========

So regions of video are looked at with 160 pixels, stills with 224; vectors of both sizes mix without loss
(AUC .9963, 93/93). The whole picture alone reaches .9917 and 91/93 at 224 pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .session import run, unit

SIDE = 160
"""Pixels that a region of a video is brought to."""
STILL_SIDE = 224
"""Pixels that a region of a still is brought to; there is only one of it."""
LOOK_SIZE = 1280
"""Length of a look vector."""
_BATCH = 8

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
"""Mean and standard deviation of the photographs that the network was trained on, by channel."""


def embed(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Vectors of squared pictures: the closer their directions, the more alike they look.

    Pooled features of MobileNetV2 (Sandler et al., CVPR 2018; ONNX model zoo).

    Parameters
    ----------
    pictures
        RGB, shape (n, side, side, 3), uint8; see `crops`.

    Returns
    -------
    ndarray
        Unit vectors, shape (n, `LOOK_SIZE`), float32.

    Raises
    ------
    WeightsError
        As `weights.network`.
    """
    found = np.zeros((len(pictures), LOOK_SIZE), np.float32)
    scale, shift = 1 / (255 * _SPREAD), _MEAN / _SPREAD
    for start in range(0, len(pictures), _BATCH):
        batch = pictures[start : start + _BATCH] * scale - shift
        (pooled,) = run("look", np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
        found[start : start + _BATCH] = pooled.reshape(len(batch), -1)
    return unit(found)
