"""What all tests share."""

from hypothesis import HealthCheck, settings

# A busy machine is slow: whether a property holds does not depend on the time it takes.
settings.register_profile("trioxygen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trioxygen")
