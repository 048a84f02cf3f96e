"""Signed manifests, signed by these tests, and that reading them asks nobody."""

from __future__ import annotations

import contextlib
import datetime
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import video
from otio_ai_audit.model import Provenance
from otio_ai_audit.provenance import from_manifest, manifests

from .edits import RATE, pan

c2pa = pytest.importorskip("c2pa", reason="c2pa-python is not installed (extra c2pa)")
x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def certificates(ocsp: str = "") -> tuple[bytes, bytes]:
    """A chain of two certificates of a made-up company, and the key of the first.

    `ocsp` is where the first says that it can be asked about.
    """
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)

    def make(name: str, key: Any, issuer: str, by: Any, ca: bool) -> Any:
        def named(text: str) -> Any:
            company = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Dream Factory")
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text), company])

        usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
            )
        )
        if not ca:
            builder = builder.add_extension(purpose, critical=False)
        if ocsp and not ca:
            place = x509.UniformResourceIdentifier(ocsp)
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return builder.sign(by, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    chain = [make("leaf", own, "root", root, False), make("root", root, "root", root, True)]
    pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    key = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, key


def created(agent: str) -> dict[str, Any]:
    return {"action": "c2pa.created", "digitalSourceType": AI, "softwareAgent": {"name": agent}}


def signed(
    path: Path,
    target: Path,
    *actions: dict[str, Any],
    parent: Path | None = None,
    remote: str = "",
    ocsp: str = "",
) -> Path:
    """Put a manifest into a copy of a file, or beside it on a host."""
    manifest = {
        "claim_generator_info": [{"name": "Some library", "version": "2"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}] if actions else [],
    }
    chain, key = certificates(ocsp)
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    settings = c2pa.Settings.from_dict({"verify": {"verify_after_sign": False, "verify_trust": False}})
    with (
        c2pa.Context(settings) as context,
        c2pa.Builder(json.dumps(manifest), context=context) as builder,
        c2pa.Signer.from_info(info) as signer,
    ):
        if parent is not None:
            with parent.open("rb") as stream:
                builder.add_ingredient(
                    json.dumps({"relationship": "parentOf", "instance_id": "xmp:iid:1"}), "video/mp4", stream
                )
        if remote:
            builder.set_remote_url(remote)
            builder.set_no_embed()
        builder.sign_file(str(path), str(target), signer)
    return target


@contextmanager
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A host on this machine that counts who asks, and answers nothing."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                asked.append(connection.recv(100))
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/manifest", asked
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def read_by(path: Path, settings: dict[str, Any]) -> None:
    """Read a file by the library itself."""
    with contextlib.suppress(c2pa.C2paError):
        c2pa.Reader(str(path), context=c2pa.Context(c2pa.Settings.from_dict(settings))).json()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    video.encode(tmp_path / "plain.mp4", pan(1, 4, (64, 64)), RATE)
    return tmp_path / "plain.mp4"


@pytest.fixture
def made(plain: Path, tmp_path: Path) -> Path:
    return signed(plain, tmp_path / "made.mp4", created("Sora"))


# --- what a manifest says ---------------------------------------------------------------------------


def test_a_signed_manifest_is_told_as_what_it_claims(made: Path) -> None:
    found = from_manifest(made)
    assert found == Provenance(
        generator="Sora",
        sources=("C2PA",),
        claims=("signed by Dream Factory", "declared as AI-generated"),
    )


def test_a_maker_that_no_list_knows_is_named_as_the_manifest_does(plain: Path, tmp_path: Path) -> None:
    assert from_manifest(signed(plain, tmp_path / "a.mp4", created("Dreamer XL"))).generator == "Dreamer XL"


def test_what_no_model_made_has_a_signature_and_no_generator(plain: Path, tmp_path: Path) -> None:
    taken = created("Sora") | {"digitalSourceType": AI.replace("trainedAlgorithmicMedia", "digitalCapture")}
    found = from_manifest(signed(plain, tmp_path / "a.mp4", taken))
    assert (found.generator, found.claims) == (None, ("signed by Dream Factory",))


def test_what_a_file_was_made_from_says_who_made_it(made: Path, tmp_path: Path) -> None:
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["xmp:iid:1"]}}
    found = from_manifest(signed(made, tmp_path / "again.mp4", opened, parent=made))
    assert found == from_manifest(made)


def test_a_manifest_that_breaks_rules_is_not_said_to_belong_to_another_file(
    made: Path, tmp_path: Path
) -> None:
    found = from_manifest(signed(made, tmp_path / "again.mp4", parent=made))  # without what was done to it
    assert found.generator == "Sora"
    assert found.claims[-1] == "the manifest breaks rules"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_pictures_hold_manifests_too(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / f"plain{suffix}", quality=95)  # so large that its end is far away
    path = signed(tmp_path / f"plain{suffix}", tmp_path / f"a{suffix}", created("Sora"))
    assert from_manifest(path).generator == "Sora"
    assert from_manifest(tmp_path / f"plain{suffix}") == Provenance()


def test_a_file_without_a_manifest_claims_nothing(plain: Path) -> None:
    assert from_manifest(plain) == Provenance()


def test_a_manifest_that_does_not_fit_says_so_and_names_no_generator(made: Path) -> None:
    data = bytearray(made.read_bytes())
    data[-20] ^= 0xFF
    made.write_bytes(bytes(data))
    found = from_manifest(made)
    assert found.generator is None and "the signature does not fit the file" in found.claims


def test_damage_anywhere_never_stops_a_reader(made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    chance = np.random.default_rng(3)
    path = tmp_path / "damaged.mp4"
    for _ in range(60):
        data = bytearray(whole[: int(chance.integers(20, len(whole)))])
        for place in chance.integers(0, len(data), 12):
            data[place] = int(chance.integers(0, 256))
        path.write_bytes(bytes(data))
        from_manifest(path)


def test_without_the_library_nothing_is_said(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "_library", lambda: None)
    assert from_manifest(made) == Provenance()


# --- nobody is asked --------------------------------------------------------------------------------


def test_a_manifest_that_lies_elsewhere_is_not_fetched(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "_may_hold", lambda _: True)  # so that the library itself is put to it
    with listener() as (url, asked):
        path = signed(plain, tmp_path / "a.mp4", created("Sora"), remote=url)
        read_by(path, {"verify": {"remote_manifest_fetch": True}})
        assert asked, "the library would have asked"
        asked.clear()
        assert from_manifest(path) == Provenance()
        assert asked == []


def test_nobody_is_asked_about_a_certificate(plain: Path, tmp_path: Path) -> None:
    with listener() as (url, asked):
        path = signed(plain, tmp_path / "a.mp4", created("Sora"), ocsp=url)
        read_by(path, {"verify": {"ocsp_fetch": True}})
        assert asked, "the library would have asked"
        asked.clear()
        assert from_manifest(path).generator == "Sora"
        assert asked == []


@pytest.mark.parametrize("switch", ["remote_manifest_fetch", "nobody may be asked"])
def test_each_of_two_switches_keeps_the_library_at_home(plain: Path, tmp_path: Path, switch: str) -> None:
    one: dict[str, Any] = {"verify": {switch: False}}
    if switch not in manifests.OFFLINE["verify"]:
        one = {"core": manifests.OFFLINE["core"]}
    with listener() as (url, asked):
        read_by(signed(plain, tmp_path / "a.mp4", created("Sora"), remote=url), one)
        assert asked == []
