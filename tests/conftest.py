from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from otio_ai_audit import gather
from otio_ai_audit.kernels import cache_dir
from otio_ai_audit.model import MediaFailure
from otio_ai_audit.walk import Options, audit

from .browser import Browser, NoBrowser, running_browser
from .resolve_menu_world import Studio, Suite, short_edit
from .resolve_menu_world import studio as the_studio
from .takes import Takes, make_takes

# Compiled kernels may be shared by all tests and with the user: named before a test moves the cache.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_dir().parent))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(440)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's store; compiled kernels may be shared."""
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("OTIO_AI_AUDIT_VERDICTS", raising=False)
    monkeypatch.delenv("OTIO_AI_AUDIT_USER", raising=False)


@pytest.fixture(scope="session")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Takes:
    return make_takes(tmp_path_factory.mktemp("takes"))


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory, takes: Takes) -> Path:
    """Measure both takes once; tests copy this store."""
    path = tmp_path_factory.mktemp("measured")
    audit([takes.good, takes.bad], Options(engine="threads:2", store=path))
    return path


@pytest.fixture
def warm(measured: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that knows both takes, and a worker that must not be asked to decode."""

    def decoded(job: object, **how: object) -> MediaFailure:
        return MediaFailure("", "decoded again")

    shutil.copytree(measured, store, dirs_exist_ok=True)
    monkeypatch.setattr(gather, "measure", decoded)
    return store


@pytest.fixture(scope="module")
def studio() -> Studio:
    return the_studio()


@pytest.fixture
def suite(studio: Studio, tmp_path: Path) -> Suite:
    """A test Resolve with six shots, three with a fault."""
    return studio.suite(tmp_path / "home", short_edit)


@pytest.fixture(scope="module")
def first(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    suite = studio.suite(tmp_path_factory.mktemp("first") / "home", short_edit)
    suite.audit()
    return suite


@pytest.fixture
def audited(first: Suite, tmp_path: Path) -> Suite:
    """The same after its first audit."""
    return first.clone(tmp_path / "home")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        with running_browser(tmp_path_factory.mktemp("browser")) as browser:
            yield browser
    except NoBrowser as error:
        pytest.skip(str(error))


@pytest.fixture
def browser(running: Browser) -> Iterator[Browser]:
    """A browser that remembers nothing of the test before."""
    running.complaints()
    yield running
    running.run("try { localStorage.clear() } catch {}")
    running.emulate()
    running.set_window_size(1200, 900)
    for path in running.downloads.iterdir():
        path.unlink()
