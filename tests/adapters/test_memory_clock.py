"""Time and chance that a test controls."""

from datetime import timedelta

from shared.adapters.memory_clock import SeededRandom, VirtualClock


def test_a_virtual_clock_moves_only_when_told_and_also_back() -> None:
    clock = VirtualClock()
    start = clock.now()
    assert clock.now() == start
    clock.advance(1.5)
    assert clock.now() - start == timedelta(seconds=1.5)
    clock.advance(-60)
    assert clock.now() < start


def test_chance_with_a_seed_repeats_and_never_gives_a_nonce_twice() -> None:
    one, other = SeededRandom(7), SeededRandom(7)
    nonces = [one.nonce() for _ in range(1000)]
    assert nonces == [other.nonce() for _ in range(1000)]
    assert len(set(nonces)) == 1000
    assert all(1 <= one.jump() <= 1000 and 0 <= one.jitter() < 1 for _ in range(1000))
