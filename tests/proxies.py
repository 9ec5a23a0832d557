"""Real nginx in front of a real server, with TLS and a certificate of its own: the examples of deploy/nginx, in use."""

from __future__ import annotations

import datetime
import ipaddress
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SECONDS = 20
MAIN = """
worker_processes 1;
error_log {directory}/error.log;
pid {directory}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    types {{ }}
    default_type text/plain;
    {temporary}
    {site}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def certificate(directory: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost and 127.0.0.1, valid for a day; returns its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = directory / "fullchain.pem", directory / "privkey.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


class Proxy:
    """nginx with one of the examples. ``origin`` is its scheme, host and port; ``trust`` takes its certificate."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.origin = f"https://localhost:{port}"
        self.certificate = directory / "fullchain.pem"
        self.trust = ssl.create_default_context(cafile=str(self.certificate))

    @property
    def requests(self) -> str:
        """What nginx has logged: a line for each request, without its query."""
        return (self.directory / "kakoclaw.log").read_text()


@contextmanager
def nginx(
    directory: Path, upstream: str, example: str = "subpath.conf", changes: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    """Run nginx with an example of deploy/nginx in front of ``upstream``; ``changes`` replaces parts of it."""
    assert NGINX is not None, "nginx is not installed"
    chain, key = certificate(directory)
    port = _free_port()
    site = (ROOT / "deploy" / "nginx" / example).read_text()
    site = site.replace("127.0.0.1:18880", urlsplit(upstream).netloc).replace("listen 443 ssl", f"listen {port} ssl")
    site = site.replace("/etc/ssl/kakoclaw/fullchain.pem", str(chain))
    site = site.replace("/etc/ssl/kakoclaw/privkey.pem", str(key)).replace("/var/log/nginx", str(directory))
    site = re.sub(r"server_name .*;", "server_name localhost;", site)
    for word, other in (changes or {}).items():
        assert word in site, f"{example} has no {word!r}"
        site = site.replace(word, other)
    temporary = " ".join(f"{name}_temp_path {directory}/{name};" for name in TEMPORARY)
    config = directory / "nginx.conf"
    config.write_text(MAIN.format(directory=directory, temporary=temporary, site=site))
    arguments = [
        NGINX,
        "-p",
        str(directory),
        "-c",
        str(config),
        "-e",
        str(directory / "error.log"),
        "-g",
        "daemon off;",
    ]
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
    try:
        _wait_for(process, port, directory)
        yield Proxy(directory, port)
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    """Return once nginx accepts connections; fails with its log when it has ended instead."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
        except ConnectionRefusedError:
            assert process.poll() is None, (directory / "error.log").read_text()
        else:
            return
