"""How sure a counted share is."""

from scipy.stats import binomtest


def share(hits: int, count: int) -> dict[str, float]:
    """How many hits there are among `count`, with Wilson's (1927) 95 % interval: {"value", "low", "high"}."""
    interval = binomtest(int(hits), int(count)).proportion_ci(method="wilson")
    return {"value": float(hits / count), "low": float(interval.low), "high": float(interval.high)}
