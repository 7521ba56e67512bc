"""withings-sync: the oldest program of this kind that is still in use."""

import builtins
import datetime
import io
import json
import logging
import os
import tempfile
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

import requests
from support import control, refused, same, say, step, true, use_front_with_curl, waited

use_front_with_curl()

from withings_sync.fit import FitEncoderWeight
from withings_sync.garmin import GarminConnect
from withings_sync.withings2 import WithingsAccount, WithingsException, WithingsOAuth2

say(title=f"withings-sync {version('withings-sync')}")

PERSON = control("person")
FOLDER = tempfile.mkdtemp()
APP = {
    "client_id": PERSON["clientId"],
    "consumer_secret": PERSON["clientSecret"],
    "callback_url": PERSON["redirectUrls"][0],
}
USER_FILE = os.path.join(FOLDER, ".withings_user.json")


def write_app(**changes):
    with open(os.path.join(FOLDER, "withings_app.json"), "w", encoding="utf8") as file:
        json.dump({**APP, **changes}, file)


def kept():
    with open(USER_FILE, encoding="utf8") as file:
        return json.load(file)


write_app()
addresses = []


class Addresses(logging.Handler):
    """Keeps the address that the program prints for its person to open."""

    def emit(self, record):
        addresses.extend(word for word in record.getMessage().split() if word.startswith("https://account."))


logging.getLogger("withings").addHandler(Addresses())
logging.getLogger("withings").propagate = False
logging.lastResort = None


def person_allows(_prompt):
    """Opens the printed address, presses Allow, and copies the code out of where it ends."""
    page = requests.get(addresses[-1], timeout=10)
    true("the page does not name the person", "Allow for Ada" in page.text)
    form = {"userid": PERSON["userid"], "decision": "allow"}
    pressed = requests.post(addresses[-1], data=form, allow_redirects=False, timeout=10)
    query = parse_qs(urlsplit(pressed.headers["location"]).query)
    same("state", query["state"], ["OK"])
    return query["code"][0]


builtins.input = person_allows
weighed = 1795156215
control("weigh", at=weighed, weightKg=70.25, fatRatioPercent=18.5, muscleKg=52.5, boneKg=3.25, waterKg=40.5)
control("press", at=weighed + 60, systolic=121, diastolic=79, pulse=61)

with step("consent, code exchange, and a refresh before the first use"):
    account = WithingsAccount(FOLDER)
    same("user", str(kept()["userid"]), str(PERSON["userid"]))
    true("tokens are missing", kept()["access_token"] and kept()["refresh_token"])

with step("getmeas with the token in the form: weight, composition and blood pressure"):
    groups = account.get_measurements(weighed - 86400, weighed + 86400)
    by_weight = {group.get_weight(): group for group in groups}
    group = by_weight[70.25]
    found = (group.get_fat_ratio(), group.get_muscle_mass(), group.get_bone_mass(), group.get_hydration())
    same("composition", found, (18.5, 52.5, 3.25, 40.5))
    same("time", group.date, weighed)
    [pressure] = [it for it in groups if it.get_systolic_blood_pressure()]
    found = (
        pressure.get_systolic_blood_pressure(),
        pressure.get_diastolic_blood_pressure(),
        pressure.get_heart_pulse(),
    )
    same("pressure", found, (121, 79, 61))

with step("height, without a date or a cursor"):
    same("height", account.get_height(), 1.68)

with step("a second run refreshes with the stored tokens"):
    before = kept()
    WithingsOAuth2(FOLDER)
    true("the refresh token stayed", kept()["refresh_token"] != before["refresh_token"])

with step("601 with wait_seconds: waits that long, and asks again"):
    account = WithingsAccount(FOLDER)
    control("withings_limits", dedupe="all", tellsWait=True)
    account.get_measurements(weighed, weighed + 1)
    waited.clear()
    error = refused(WithingsException, lambda: account.get_measurements(weighed, weighed + 1))
    true(f"it reads {error}", "601" in str(error) and "Same arguments in less than 10 seconds" in str(error))
    true(f"it waited {waited}", len(waited) == 2 and all(9 <= seconds <= 10 for seconds in waited))
    control("withings_limits", dedupe="off", tellsWait=False)

with step("a wrong secret is reported, and the stored tokens stay"):
    before = kept()
    write_app(consumer_secret="wrong")
    error = refused(WithingsException, lambda: WithingsOAuth2(FOLDER))
    true(f"it reads {error}", "503" in str(error) and "invalid client id/secret" in str(error))
    same("kept", kept(), before)
    write_app()

with step("an invalid refresh token is reported"):
    control("withings_kill_refresh")
    error = refused(WithingsException, lambda: WithingsOAuth2(FOLDER))
    true(f"it reads {error}", "503" in str(error) and "Invalid Params: invalid refresh_token" in str(error))

EMAIL = "ada@example.org"
control("account", email=EMAIL)
garmin = GarminConnect(FOLDER)

with step("an uploaded weigh-in is in Garmin, as its own client reads it"):
    garmin.login(EMAIL, "right")
    fit = FitEncoderWeight()
    fit.write_file_info()
    fit.write_file_creator()
    at = datetime.datetime.fromtimestamp(weighed)
    fit.write_device_info(timestamp=at)
    fit.write_weight_scale(
        timestamp=at,
        weight=70.25,
        percent_fat=18.5,
        percent_hydration=58.25,
        bone_mass=3.25,
        muscle_mass=52.5,
        bmi=22.5,
    )
    fit.finish()

    true("refused", garmin.upload_file(io.BytesIO(fit.getvalue())))
    [entry] = garmin.client.get_daily_weigh_ins("2026-11-20")["dateWeightList"]
    found = [
        entry[name] for name in ("weight", "bodyFat", "bodyWater", "boneMass", "muscleMass", "bmi", "timestampGMT")
    ]
    same("entry", found, [70250, 18.5, 58.25, 3250, 52500, 22.5, weighed * 1000])

with step("a later run signs in with the stored tokens and no password"):
    later = GarminConnect(FOLDER)
    later.login()
    same("entries", len(later.client.get_daily_weigh_ins("2026-11-20")["dateWeightList"]), 1)

with step("a file that isn't a FIT file is refused"):
    refused(Exception, lambda: garmin.upload_file(io.BytesIO(b"nothing of the kind")))
    same("stored", len(control("stored", email=EMAIL)["weights"]), 1)

say(done=True)
