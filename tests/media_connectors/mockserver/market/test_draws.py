"""The random numbers of the market: scattered, reproducible, monotone."""

import numpy as np
import pytest

from media_connectors.mockserver.market import draws

KEYS = np.arange(200_000, dtype=np.uint64)


def test_uniform_depends_only_on_its_own_key():
    few = draws.uniform(7, KEYS[:10], 100, 3)
    many = draws.uniform(7, KEYS[::-1], 100, 3)
    np.testing.assert_array_equal(few, many[::-1][:10])


@pytest.mark.parametrize(("seed", "hour", "channel"), [(8, 100, 3), (7, 101, 3), (7, 100, 4)])
def test_uniform_changes_with_seed_hour_and_channel(seed, hour, channel):
    base = draws.uniform(7, KEYS, 100, 3)
    other = draws.uniform(seed, KEYS, hour, channel)
    assert abs(np.corrcoef(base, other)[0, 1]) < 0.01
    assert not np.any(base == other)


def test_uniform_fills_the_open_interval_evenly():
    values = draws.uniform(1, KEYS, 5, 0)
    assert values.min() > 0
    assert values.max() < 1
    shares = np.histogram(values, bins=10, range=(0, 1))[0] / len(values)
    np.testing.assert_allclose(shares, 0.1, atol=0.003)


def test_normal_quantile_matches_known_values():
    probability = np.array([0.5, 0.975, 0.025, 0.999, 1e-6])
    expected = np.array([0.0, 1.959963985, -1.959963985, 3.090232306, -4.753424309])
    np.testing.assert_allclose(draws.normal_quantile(probability), expected, atol=1e-7)


def test_normal_cdf_inverts_the_quantile():
    probability = np.linspace(0.001, 0.999, 999)
    np.testing.assert_allclose(draws.normal_cdf(draws.normal_quantile(probability)), probability, atol=1e-6)


@pytest.mark.parametrize("mean", [0.3, 4.0, 15.9, 16.1, 400.0])
def test_poisson_has_the_mean_and_variance_of_poisson(mean):
    counts = draws.poisson(np.full(len(KEYS), mean), draws.uniform(2, KEYS, 9, 1))
    assert counts.mean() == pytest.approx(mean, rel=0.01)
    assert counts.var() == pytest.approx(mean, rel=0.02)


def test_poisson_matches_the_table_at_mean_two():
    # P(0) = 0.1353, P(≤1) = 0.4060, P(≤2) = 0.6767, P(≤3) = 0.8571
    probability = np.array([0.135, 0.136, 0.405, 0.407, 0.676, 0.678, 0.858])
    np.testing.assert_array_equal(draws.poisson(np.full(7, 2.0), probability), [0, 1, 1, 2, 2, 3, 4])


def test_poisson_never_falls_when_the_mean_rises():
    probability = draws.uniform(3, KEYS[:2000], 1, 1)
    counts = np.array([draws.poisson(np.full(2000, mean), probability) for mean in np.linspace(0, 60, 121)])
    assert np.all(np.diff(counts, axis=0) >= 0)
    assert np.all(counts[0] == 0)


def test_rounding_keeps_the_expectation_and_zero():
    values = draws.rounded(np.full(len(KEYS), 0.3), draws.uniform(4, KEYS, 1, 1))
    assert values.mean() == pytest.approx(0.3, abs=0.005)
    assert np.all(draws.rounded(np.zeros(100), np.full(100, 0.99999)) == 0)
