from __future__ import annotations

import os

import numpy as np
import pytest

from otio_ai_audit.kernels import cache_dir

# Compiled kernels may be shared by all tests and with the user: named before a test moves the cache.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_dir().parent))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(440)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's store; compiled kernels may be shared."""
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path_factory.mktemp("cache")))
