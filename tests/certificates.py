"""Certificates for a broker and its client, and how Mosquitto is told of them."""

import subprocess
from pathlib import Path


def certificates(folder: Path) -> dict[str, Path]:
    """An authority, and a server and a client it vouches for."""
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"]
    subprocess.run(
        ["openssl", "req", "-x509", *key, "ca.key", "-out", "ca.pem", "-subj", "/CN=ca"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    for name in ("server", "client"):
        for command in (
            ["req", *key, f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"],
            [
                *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
                *("-CAcreateserial", "-extfile", "san", "-out", f"{name}.pem"),
            ],
        ):
            subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    return {
        "ca_file": folder / "ca.pem",
        "cert_file": folder / "client.pem",
        "key_file": folder / "client.key",
    }


def tls(folder: Path) -> str:
    """Lines of Mosquitto's: TLS, and nobody without a certificate."""
    return (
        f"cafile {folder}/ca.pem\ncertfile {folder}/server.pem\nkeyfile {folder}/server.key\n"
        "require_certificate true\nuse_identity_as_username true\nallow_anonymous false"
    )
