"""WhatsApp's protobuf messages, taken from the files of the installed neonize.

neonize itself is found but never imported: importing it would load its native library, which has no business in this
process. Its generated modules import each other by top-level names (`waE2E`, `waWa6`, ...), so their folder joins
`sys.path`. They are typed as Any, since a type checker cannot follow that path.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any


def neonize_folder() -> Path:
    """The folder of the installed neonize package. Raises ModuleNotFoundError when it is not installed."""
    spec = importlib.util.find_spec("neonize")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("neonize is not installed", name="neonize")
    return Path(spec.origin).parent


def _load(name: str) -> Any:
    folder = str(neonize_folder() / "proto")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


adv = _load("waAdv.WAAdv_pb2")
cert = _load("waCert.WACert_pb2")
common = _load("waCommon.WACommon_pb2")
e2e = _load("waE2E.WAWebProtobufsE2E_pb2")
history = _load("waHistorySync.WAWebProtobufsHistorySync_pb2")
server_sync = _load("waServerSync.WAWebProtobufsServerSync_pb2")
wa6 = _load("waWa6.WAWebProtobufsWa6_pb2")
web = _load("waWeb.WAWebProtobufsWeb_pb2")
