"""Channels by which departments are told, written as Apprise addresses: which kinds there are, and where they reach.

An address is typed by an administrator and called by a worker that stands inside the city's network. So only kinds that
send a message somewhere are allowed, none that writes files, runs programs or speaks to the machine itself; and no
connection of theirs may lead to this machine or into a private network that the server's settings do not list.

Names are looked up when a department is saved, so that the field can say what is wrong. What holds is asked when a
message is sent, of each connection as it is made: whatever a name, a redirect or another way of writing an address has
led to by then.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t

from hotline.backup import holding

TO_A_HOST = ("json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos")  # whose address names a host
TO_A_SERVICE = ("wecombot", "dingtalk", "feishu", "wxpusher", "pushplus", "schan")  # whose host is fixed
KINDS = (*TO_A_SERVICE, *TO_A_HOST)
LOOKED_UP_WITHIN = 3  # seconds in which a page waits for a name; a later answer counts when a message is sent
# Addresses that carry an IPv4 address within them, which may be a private one.
CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
Network = IPv4Network | IPv6Network


class NotReachable(PermissionError):
    """A connection that a channel may not make."""


def check(address: str) -> None:
    """Raises ValidationError with what is wrong with a channel's address."""
    channel = _understood(address)
    host = _host(channel, address)
    for found in _looked_up(host, within=LOOKED_UP_WITHIN) if host else ():
        if not _may_reach(found):
            raise ValidationError(_not_reachable(f"{host} ({found})"))


def send(address: str, title: str, body: str) -> str:
    """Sends a message; says why it did not arrive, empty where it did."""
    import apprise

    if holding.is_on():  # the last gate, whoever asks
        return _t("Messages are held: this is a restored copy.")

    try:
        channel = apprise.Apprise()
        channel.add(_understood(address))
    except ValidationError as error:
        return error.messages[0]
    with _watched() as refused:
        arrived = bool(channel.notify(title=title, body=body))
    if arrived:
        return ""
    return _not_reachable(refused[0]) if refused else _t("The channel did not take the message.")


def _not_reachable(where: str) -> str:
    return (
        _t("%(where)s lies in a private network; channels may not reach it unless HOTLINE_CHANNEL_HOSTS lists it.")
        % {"where": where}
    )  # fmt: skip


# -- what an address says -------------------------------------------------------------------------------------


def _understood(address: str) -> Any:
    """The one channel that an address names. Raises ValidationError."""
    kind = address.partition("://")[0].strip().lower()
    if kind not in KINDS:
        raise ValidationError(
            _t("“%(kind)s” is no kind of channel that may be used; these are: %(kinds)s.")
            % {"kind": kind[:20], "kinds": " ".join(KINDS)}
        )
    import apprise  # loads a hundred services, which only who sends or sets up needs

    channel = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if channel is None:
        raise ValidationError(_t("The channel's address is not understood."))
    return channel


def _host(channel: Any, address: str) -> str:
    """The host that an address names; empty where the service has one of its own."""
    if address.partition("://")[0].strip().lower() not in TO_A_HOST:
        return ""
    return str(getattr(channel, "smtp_host", "") or channel.host).strip("[]")


# -- where it leads -------------------------------------------------------------------------------------------


def _looked_up(host: str, *, within: float) -> list[str]:
    """The addresses that a name has now; none where nobody answers in time. Any way to write a number is a name too."""
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(sorted({str(info[4][0]) for info in socket.getaddrinfo(host, None)}))
        except (OSError, UnicodeError):
            answer.set_result([])

    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(timeout=within)
    except TimeoutError:
        return []


def _may_reach(address: str) -> bool:
    """Whether a channel may connect to an address: a public one, or one that the settings list."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    if any(found in network for network in _listed()):
        return True
    return found.is_global and not found.is_multicast and not any(found in carrier for carrier in CARRIERS)


def _listed() -> Iterator[Network]:
    """The networks, addresses and names of `HOTLINE_CHANNEL_HOSTS`."""
    for entry in settings.CHANNEL_HOSTS:
        try:
            yield ip_network(entry, strict=False)
        except ValueError:
            yield from map(ip_network, _looked_up(entry, within=LOOKED_UP_WITHIN))


# -- each connection as it is made ----------------------------------------------------------------------------

_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Has each connection made within asked whether it may be; gives those that may not, which then fail."""
    _watch_connections()
    refused: list[str] = []
    token = _refused.set(refused)
    try:
        yield refused
    finally:
        _refused.reset(token)


@cache
def _watch_connections() -> None:
    """Hears of every connection of this process before it is made; there is no later moment to be fooled at."""
    sys.addaudithook(_hear)


def _hear(event: str, about: tuple[Any, ...]) -> None:
    if event != "socket.connect" or (refused := _refused.get()) is None:
        return
    address = about[1]
    host = str(address[0]) if isinstance(address, tuple) else str(address)
    token = _refused.set(None)  # looking up a listed name is no connection of the channel
    try:
        may = isinstance(address, tuple) and _may_reach(host)
    finally:
        _refused.reset(token)
    if not may:
        refused.append(host)
        raise NotReachable(host)
