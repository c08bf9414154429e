"""Runs the cases of one client and tells of each: `ok NAME` or `failed NAME: why`."""

import os
import sys
import traceback

BASE = os.environ["TROUSSEAU_URL"]
KEY = os.environ["TROUSSEAU_KEY"]
UPSTREAM = os.environ["UPSTREAM_URL"]


def run(cases):
    failed = False
    for case in cases:
        try:
            case()
            print(f"ok {case.__name__}", flush=True)
        except BaseException as error:  # noqa: BLE001: whatever goes wrong is told
            failed = True
            traceback.print_exc()
            print(f"failed {case.__name__}: {type(error).__name__}: {str(error)[:300]}".replace("\n", " "), flush=True)
    sys.exit(failed)
