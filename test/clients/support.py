"""What the checks share: the vendors' names on this machine, the sandbox's control, and steps that pass or fail."""

import contextlib
import json
import os
import socket
import sys
import time
import traceback
import urllib.request

FRONT = ("127.0.0.1", int(os.environ["FRONT_PORT"]))
HOSTS = (
    "sso.garmin.com",
    "diauth.garmin.com",
    "connectapi.garmin.com",
    "wbsapi.withings.net",
    "account.withings.com",
)

_getaddrinfo = socket.getaddrinfo


def _only_this_machine(host, port, *args, **kwargs):
    if host in HOSTS:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", FRONT)]
    if host in ("127.0.0.1", "localhost"):
        return _getaddrinfo(host, port, *args, **kwargs)
    raise socket.gaierror(f"a client asked for {host}, which the sandbox does not have")


socket.getaddrinfo = _only_this_machine

#: How long the clients wanted to wait. They don't wait, because the sandbox doesn't check their timing.
waited = []
time.sleep = waited.append


def use_front_with_curl():
    """The same for curl_cffi, which resolves names by itself."""
    from curl_cffi import CurlOpt, requests
    from curl_cffi._wrapper import ffi, lib

    init = requests.Session.__init__
    targets = ffi.NULL
    # The last one catches every other name, and nothing listens there.
    for target in [f"{host}:443:{FRONT[0]}:{FRONT[1]}" for host in HOSTS] + ["::127.0.0.1:9"]:
        targets = lib.curl_slist_append(targets, target.encode())

    def with_front(self, *args, **kwargs):
        # A C list, because curl_cffi doesn't make one for this option.
        options = {**(kwargs.pop("curl_options", None) or {}), CurlOpt.CONNECT_TO: targets}
        init(self, *args, curl_options=options, **kwargs)

    requests.Session.__init__ = with_front


def control(action, **given):
    """Asks the sandbox for things that are not vendor calls; see control.ts."""
    request = urllib.request.Request(f"{os.environ['CONTROL_URL']}/{action}", json.dumps(given).encode())
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def say(**line):
    print(json.dumps(line), flush=True)


class Wrong(Exception):
    """A value is not what it should be."""


def same(what, found, expected):
    if found != expected:
        raise Wrong(f"{what}: {found!r}, expected {expected!r}")


def true(what, found):
    if not found:
        raise Wrong(what)


@contextlib.contextmanager
def step(name):
    """One step of a check. It fails on any exception, and the next ones go on."""
    try:
        yield
    except Exception as error:
        where = traceback.extract_tb(sys.exc_info()[2])[-1]
        say(
            step=name,
            wrong=f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"[:600],
        )
    else:
        say(step=name)


def refused(kind, call):
    """The exception of this kind that the call has to raise."""
    try:
        found = call()
    except kind as error:
        return error
    raise Wrong(f"no {kind.__name__}, but {found!r}")
