"""Signed manifests, signed by these tests, and that reading them asks nobody."""

from __future__ import annotations

import datetime
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import video
from otio_ai_audit.model import Provenance
from otio_ai_audit.provenance import from_manifest

from .edits import RATE, pan

c2pa = pytest.importorskip("c2pa", reason="c2pa-python is not installed (extra c2pa)")
x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def certificates() -> tuple[bytes, bytes]:
    """A chain of two certificates of a made-up company, and the key of the first."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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
        return (builder if ca else builder.add_extension(purpose, critical=False)).sign(by, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    chain = [make("leaf", own, "root", root, False), make("root", root, "root", root, True)]
    pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    key = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, key


def signed(path: Path, folder: Path, **remote: Any) -> Path:
    """Put a manifest of a generator into a copy of a movie."""
    manifest = {
        "claim_generator_info": [{"name": "Sora", "version": "2"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": AI,
                            "softwareAgent": {"name": "Sora"},
                        }
                    ]
                },
            }
        ],
    }
    chain, key = certificates()
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    target = folder / "signed.mp4"
    settings = c2pa.Settings.from_dict({"verify": {"verify_after_sign": False, "verify_trust": False}})
    with (
        c2pa.Context(settings) as context,
        c2pa.Builder(json.dumps(manifest), context=context) as builder,
        c2pa.Signer.from_info(info) as signer,
    ):
        if remote:
            builder.set_remote_url(remote["url"])
            builder.set_no_embed()
        builder.sign_file(str(path), str(target), signer)
    return target


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    video.encode(tmp_path / "plain.mp4", pan(1, 4, (64, 64)), RATE)
    return tmp_path / "plain.mp4"


@pytest.fixture
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def test_a_signed_manifest_is_told_as_what_it_claims(
    plain: Path, tmp_path: Path, nobody_to_ask: None
) -> None:
    found = from_manifest(signed(plain, tmp_path))
    assert found.generator == "Sora"
    assert found.sources == ("C2PA",)
    assert "declared as AI-generated" in found.claims
    assert "signed by Dream Factory" in found.claims


def test_a_file_without_a_manifest_claims_nothing(plain: Path) -> None:
    assert from_manifest(plain) == Provenance()


def test_a_manifest_that_no_longer_fits_says_so(plain: Path, tmp_path: Path) -> None:
    path = signed(plain, tmp_path)
    data = bytearray(path.read_bytes())
    data[-20] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "the signature does not fit the file" in from_manifest(path).claims


def test_a_manifest_that_lies_elsewhere_is_not_fetched(plain: Path, tmp_path: Path) -> None:
    asked: list[bytes] = []
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"

        def listen() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            asked.append(connection.recv(100))
            connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        found = from_manifest(signed(plain, tmp_path, url=url))
        thread.join()
    assert asked == []
    assert found == Provenance()
