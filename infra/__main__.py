"""What CDK's command line runs (cdk.json), and `make synth` without it: writes the templates of one stage."""

from __future__ import annotations

import os
import sys

from infra.app import add_stage, new_app
from infra.bundling import code_source
from infra.context import NAMES, BadContext, Context, without_cdk


def main() -> None:
    """Raises SystemExit with what is wrong about the context."""
    outdir = os.environ.get("CDK_OUTDIR", "cdk.out")
    try:
        app = new_app(outdir, None if "CDK_CONTEXT_JSON" in os.environ else without_cdk(sys.argv[1:]))
        context = Context.parse({name: app.node.try_get_context(name) for name in NAMES})
    except BadContext as error:
        sys.exit(str(error))
    add_stage(app, context.stage, code_source(with_libraries=context.with_libraries), context.image)
    app.synth()


if __name__ == "__main__":
    main()
