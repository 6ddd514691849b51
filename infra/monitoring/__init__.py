"""Two dashboards and the alarms, by cdk-monitoring-constructs.

What is shown of a capability is in the file named after it; what an alarm means, and when it goes off, is in
shared/alarms. Figures of ours are those of shared/metrics, all others come from AWS at no cost.
"""

from infra.monitoring.monitoring import Monitoring, Watched

__all__ = ["Monitoring", "Watched"]
