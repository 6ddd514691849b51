"""Two dashboards and the alarms, by cdk-monitoring-constructs.

What is shown of a capability, and what its alarms look at, is in the capability's own file; what an alarm means, and
when it goes off, is in shared/alarms. Figures of ours are those of shared/metrics, all others come from AWS at no cost.
"""
