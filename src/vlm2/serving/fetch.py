"""Fetch addresses that clients name, from public hosts only."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import SplitResult, urljoin, urlsplit

from .limits import Refusal

HOPS, TIMEOUT, DEADLINE = 4, 10.0, 60.0  # redirects and the first; seconds without a byte; seconds in all
MOVED = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}


def fetch(address: str, most: int) -> bytes:
    """Return what an http or https address holds, at most `most` bytes. Each hop's name is resolved once, and the
    connection goes to that very address. Raises Refusal for other schemes, for a host of which any address is not
    public, and for what cannot be had."""
    end = time.monotonic() + DEADLINE
    for _ in range(HOPS):
        found = _get(address, most, end)
        if isinstance(found, bytes):
            return found
        address = urljoin(address, found)
    raise Refusal(400, "bad_address", f"The address redirects more than {HOPS - 1} times.")


def public_address(host: str, port: int) -> str:
    """Return an address of a host. Raises Refusal where the host has none, or one that is not public."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Refusal(400, "bad_address", "The address's host is not known.") from None
    if not found or not all(is_public(address) for address in found):
        raise Refusal(403, "private_address", "The address is not public; only public hosts are fetched from.")
    return min(found)


def is_public(address: str) -> bool:
    """Tell whether an IP address is public, also inside the IPv6 forms that carry an IPv4 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in ipaddress.ip_network("64:ff9b::/96") or found in ipaddress.ip_network("::/96"):
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if any(part is not None and not is_public(str(part)) for part in inner):
            return False
        if found in ipaddress.ip_network("64:ff9b:1::/48") or found.is_site_local:
            return False
    return found.is_global and not found.is_multicast


def _get(address: str, most: int, end: float) -> bytes | str:
    """Return the bytes of one hop, or the address that it redirects to."""
    try:
        parts = urlsplit(address)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Refusal(400, "bad_address", "The address cannot be read.") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        raise Refusal(400, "bad_address", "Only http and https addresses without a user name are fetched.")
    connection = _connect(parts, parts.hostname, port)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Host": parts.netloc, "Accept-Encoding": "identity"})
        response = connection.getresponse()
        if response.status in MOVED and (target := response.getheader("Location")):
            return target
        if response.status != 200:
            raise Refusal(400, "not_fetched", f"The address answered with status {response.status}.")
        data = bytearray()
        while part := response.read1(2**16):
            data += part
            if len(data) > most:
                raise Refusal(413, "too_large", f"The address holds more than {most} bytes.")
            if time.monotonic() > end:
                raise Refusal(400, "not_fetched", "The address took too long.")
        return bytes(data)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(400, "not_fetched", "The address could not be fetched.") from None
    finally:
        connection.close()


def _connect(parts: SplitResult, host: str, port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    target = public_address(host, port)
    try:
        connection.sock = socket.create_connection((target, port), timeout=TIMEOUT)
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
    except OSError:
        connection.close()
        raise Refusal(400, "not_fetched", "The address could not be reached.") from None
    return connection
