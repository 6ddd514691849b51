"""What a Prometheus and a Grafana of the operator's own need: alert rules and a dashboard over /monitoring/metrics.

    python -m local.monitoring          writes both files; a test holds them equal to what this makes

judged.py     what each alarm of shared/alarms is judged by, in PromQL, and which of them Prometheus cannot judge
rules.py      the alarms as Prometheus's rules  -> prometheus/hivewp.rules.yml
dashboard.py  the figures as Grafana's panels   -> grafana/hivewp.json
"""
