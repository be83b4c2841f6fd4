"""A hypothesis profile for long runs: ``pytest tests/query --hypothesis-profile=query-deep``."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "query-deep",
    max_examples=100_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
