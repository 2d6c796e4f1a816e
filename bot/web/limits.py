"""How many answers one client may ask for; cards are never counted and never refused."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

#: Clients remembered at once; the one quiet for longest is forgotten first.
CLIENTS = 20_000


class RateLimit:
    """An allowance for each client that fills up again steadily (a token bucket).

    Addresses are kept only as hashes under a key of this process, in memory. One IPv6 customer
    has a whole /64 network, so that network counts as one client.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        clients: int = CLIENTS,
    ) -> None:
        """``per_minute`` answers, which may all be asked for at once."""
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._clients = clients
        self._key = secrets.token_bytes(16)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Whether the client at this address may have one more answer, which it then has had."""
        client = blake2b(_network(address).encode(), key=self._key, digest_size=8).digest()
        now = self._clock()
        left, then = self._left.pop(client, (self._most, now))
        left = min(self._most, left + (now - then) * self._per_second)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > self._clients:
            self._left.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._left)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
