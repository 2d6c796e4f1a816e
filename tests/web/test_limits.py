"""The rate of answers: fair between clients, forgetful, and keeping no address."""

from __future__ import annotations

from bot.web.limits import RateLimit


class Clock:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_client_has_its_allowance_and_then_waits_for_more() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    assert [limit.allows("192.0.2.1") for _ in range(61)] == [True] * 60 + [False]
    clock.now += 1
    assert limit.allows("192.0.2.1")
    assert not limit.allows("192.0.2.1")


def test_one_client_takes_nothing_from_another() -> None:
    limit = RateLimit(1, clock=Clock())
    assert limit.allows("192.0.2.1")
    assert limit.allows("192.0.2.2")
    assert not limit.allows("192.0.2.1")


def test_a_pause_saves_up_no_more_than_the_allowance() -> None:
    clock = Clock()
    limit = RateLimit(3, clock=clock)
    limit.allows("192.0.2.1")
    clock.now += 10**6
    assert sum(limit.allows("192.0.2.1") for _ in range(10)) == 3


def test_addresses_of_one_ipv6_network_are_one_client_and_mapped_ones_are_ipv4() -> None:
    limit = RateLimit(1, clock=Clock())
    assert limit.allows("2001:db8:1:2::1")
    assert not limit.allows("2001:db8:1:2:ffff::9")
    assert limit.allows("2001:db8:1:3::1")
    assert limit.allows("192.0.2.1")
    assert not limit.allows("::ffff:192.0.2.1")


def test_memory_is_bounded_and_holds_no_address() -> None:
    limit = RateLimit(1, clock=Clock(), clients=100)
    for number in range(1000):
        limit.allows(f"198.51.{number // 250}.{number % 250}")
    assert len(limit) == 100
    assert "198.51" not in repr(limit.__dict__)
