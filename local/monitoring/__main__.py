"""`python -m local.monitoring`: writes the rules and the dashboard."""

from __future__ import annotations

from pathlib import Path

from local.monitoring.dashboard import dashboard_file
from local.monitoring.rules import rules_file

FOLDER = Path(__file__).resolve().parent
RULES = FOLDER / "prometheus" / "hivewp.rules.yml"
DASHBOARD = FOLDER / "grafana" / "hivewp.json"


def main() -> None:
    """Writes both."""
    RULES.write_text(rules_file())
    DASHBOARD.write_text(dashboard_file())


if __name__ == "__main__":
    main()
