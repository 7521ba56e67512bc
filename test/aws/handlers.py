"""Prints which actions CloudFormation's own handlers use for the types that are named, as AWS publishes it (in cfn-lint)."""

import json
import pathlib
import sys

import cfnlint

schemas = pathlib.Path(cfnlint.__file__).parent / "data/schemas"
places = json.loads((schemas / "providers/eu-central-1.json").read_text())


def actions(name):
    handlers = json.loads((schemas / f"resources/{places[name]}.json").read_text())["handlers"]
    used = [action for kind in ("create", "read", "update", "delete") for action in handlers.get(kind, {}).get("permissions", [])]
    return sorted(set(used))


print(json.dumps({name: actions(name) for name in sys.argv[1:]}))
