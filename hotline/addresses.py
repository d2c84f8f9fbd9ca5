"""Which address a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Where a request comes from: the nearest address on its way that is none of our own proxies'.

    `X-Forwarded-For` is read from the right, each entry by the word of the trusted proxy that added it; what stands
    further left was written by whoever sent the request and is believed by nobody. None over a local socket.
    """
    written = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    address = _address(request.META.get("REMOTE_ADDR", ""))
    while written and _is_trusted(address):
        further = _address(written.pop())
        if further is None:
            break
        address = further
    return str(address) if address else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in an entry, with or without a port; None where there is none."""
    text = text.strip().partition("%")[0]  # without the interface of an IPv6 address, which the database refuses
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """Whether a trusted proxy is there; over a local socket, which has no address, it is where any is trusted."""
    return (
        bool(settings.TRUSTED_PROXIES) if address is None else any(address in one for one in settings.TRUSTED_PROXIES)
    )
