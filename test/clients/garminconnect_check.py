"""python-garminconnect: the client that most programs for Garmin Connect use."""

import json
import logging
from importlib.metadata import version

from support import control, refused, same, say, step, true, use_front_with_curl

use_front_with_curl()

from garminconnect import (
    Garmin,
    GarminConnectAuthenticationError,
    GarminConnectConnectionError,
    GarminConnectNotFoundError,
    GarminConnectTooManyRequestsError,
)

logging.disable(logging.CRITICAL)
say(title=f"python-garminconnect {version('garminconnect')}")

STRATEGIES = ("mobile+cffi", "mobile+requests", "widget+cffi", "portal+cffi", "portal+requests")
# A client that works with Garmin has to pass the sandbox's strictest settings.
control("garmin_settings", wantsPageFirst=True, wantsNativeHeaders=True)


def client(email, strategy, **more):
    """A client for an account, which signs in by one way only."""
    made = Garmin(email, "right", retry_attempts=0, **more)
    made.client.skip_strategies = set(STRATEGIES) - {strategy}
    return made


def name_of(strategy):
    return strategy.replace("+", "-")


for strategy in STRATEGIES:
    with step(f"sign-in without a second factor by {strategy}: tokens, profile, settings"):
        email = f"{name_of(strategy)}@example.org"
        control("account", email=email)
        garmin = client(email, strategy)
        same("login", garmin.login(), (None, None))
        same("display name", garmin.display_name, name_of(strategy))
        same("full name", garmin.full_name, "Ada L.")
        same("units", garmin.unit_system, "metric")
        same("client id", garmin.client.di_client_id, "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2")
        true("there is no refresh token", garmin.client.di_refresh_token)
        same("cookie instead of tokens", garmin.client.jwt_web, None)

with step("a wrong password is refused as such"):
    control("account", email="forgot@example.org")
    forgetful = client("forgot@example.org", "mobile+requests")
    forgetful.password = "wrong"
    error = refused(GarminConnectAuthenticationError, forgetful.login)
    true(f"it reads {error}", "Invalid Username or Password" in str(error))

for strategy in ("mobile+cffi", "mobile+requests"):
    for wrong_code in ("401 named", "401 empty", "401 Spring", "200 named"):
        with step(f"second factor by {strategy}: a wrong code ({wrong_code}), then the right one"):
            email = f"mfa-{name_of(strategy)}-{wrong_code.replace(' ', '-')}@example.org"
            control("account", email=email, mfa="email")
            control("garmin_settings", wrongCode=wrong_code)
            garmin = client(email, strategy, return_on_mfa=True)
            status, state = garmin.login()
            same("login", status, "needs_mfa")
            codes = control("codes", email=email)
            same("codes sent", len(codes), 1)
            # Any exception, because this client fails on one of these shapes with a plain Python error.
            refused(Exception, lambda: garmin.resume_login(state, "000000"))
            same("tokens after a wrong code", garmin.client.di_token, None)
            garmin.resume_login(state, codes[0])
            same("display name", garmin.display_name, email.split("@")[0])
            same("codes sent in the end", len(control("codes", email=email)), 1)

with step("second factor by mobile: one process starts the sign-in, another finishes it"):
    control("account", email="two-processes@example.org", mfa="phone")
    started = client("two-processes@example.org", "mobile+requests", return_on_mfa=True)
    kept = json.dumps(started.login()[1])
    other = client("two-processes@example.org", "mobile+requests", return_on_mfa=True)
    other.resume_login(json.loads(kept), control("codes", email="two-processes@example.org")[0])
    same("display name", other.display_name, "two-processes")

with step("second factor by widget: the page sends no code by itself; the client asks for one, and it works"):
    control("account", email="widget-mfa@example.org", mfa="email")
    asked = []

    def read_mail():
        asked.append(len(control("codes", email="widget-mfa@example.org")))
        return control("codes", email="widget-mfa@example.org")[-1]

    garmin = client("widget-mfa@example.org", "widget+cffi", prompt_mfa=read_mail)
    garmin.login()
    same("codes sent when the client asked for one", asked, [1])
    same("display name", garmin.display_name, "widget-mfa")

with step("second factor by widget: a wrong code is refused, and a new sign-in takes the right one"):
    control("account", email="widget-typo@example.org", mfa="email")
    garmin = client("widget-typo@example.org", "widget+cffi", return_on_mfa=True)
    state = garmin.login()[1]
    refused(GarminConnectAuthenticationError, lambda: garmin.resume_login(state, "000000"))
    again = client("widget-typo@example.org", "widget+cffi", return_on_mfa=True)
    state = again.login()[1]
    again.resume_login(state, control("codes", email="widget-typo@example.org")[-1])
    same("display name", again.display_name, "widget-typo")

with step("second factor by portal: refused with 427"):
    control("account", email="portal-mfa@example.org", mfa="email")
    portal = client("portal-mfa@example.org", "portal+requests", return_on_mfa=True)
    error = refused(GarminConnectConnectionError, portal.login)
    same("codes sent", control("codes", email="portal-mfa@example.org"), [])

with step("too many sign-ins are reported as such"):
    control("fault", name="garmin_sso_429", times=1)
    control("account", email="limited@example.org")
    refused(GarminConnectTooManyRequestsError, client("limited@example.org", "mobile+requests").login)

EMAIL = "ada@example.org"
control("account", email=EMAIL)
garmin = client(EMAIL, "mobile+cffi")
garmin.login()


def entries(day):
    return garmin.get_daily_weigh_ins(day)["dateWeightList"]


def stored():
    return control("stored", email=EMAIL)


with step("the time zone of the account is read from its personal information"):
    same("zone", garmin.get_user_timezone(), "Europe/Berlin")

with step("without entries, all read-backs are empty in their wrappers"):
    day = garmin.get_daily_weigh_ins("2026-11-20")
    same("day", (day["dateWeightList"], day["totalAverage"]["weight"]), ([], None))
    same("range", garmin.get_weigh_ins("2026-11-01", "2026-11-30")["dailyWeightSummaries"], [])
    same("body composition", garmin.get_body_composition("2026-11-01", "2026-11-30")["dateWeightList"], [])
    pressure = garmin.get_blood_pressure("2026-11-01", "2026-11-30")
    empty = {"from": "2026-11-01", "until": "2026-11-30", "measurementSummaries": [], "categoryStats": None}
    same("blood pressure", pressure, empty)

with step("FIT upload: accepted with 201, and listed in the answer"):
    # Every value fits FIT's steps, because this client truncates where others round.
    answer = garmin.add_body_composition(
        "2026-11-20T07:30:15",
        weight=70.25,
        percent_fat=18.5,
        percent_hydration=58.25,
        bone_mass=3.25,
        muscle_mass=52.5,
        bmi=22.5,
        basal_met=1600,
        metabolic_age=34,
        visceral_fat_rating=6,
        physique_rating=5,
    )
    result = answer["detailedImportResult"]
    same("file", (result["fileName"], result["failures"]), ("body_composition.fit", []))
    same("stored", len(stored()["weights"]), 1)

COMPOSITION = {
    "weight": 70250,
    "bmi": 22.5,
    "bodyFat": 18.5,
    "bodyWater": 58.25,
    "boneMass": 3250,
    "muscleMass": 52500,
    "visceralFat": 6,
    "physiqueRating": 5,
    "metabolicAge": 34 * 31_556_926_000,
    "sourceType": "INDEX_SCALE",
    "calendarDate": "2026-11-20",
    # 07:30:15 in Berlin, which is an hour ahead of UTC in winter.
    "timestampGMT": 1795156215000,
}


def same_entry(what, entry, expected):
    same(what, {name: entry.get(name) for name in expected}, expected)


with step("read back by day: every field of the composition"):
    [entry] = entries("2026-11-20")
    same_entry("entry", entry, COMPOSITION)
    same("local time", entry["date"] - entry["timestampGMT"], 3_600_000)

with step("read back by range, which this client asks for with includeAll=True"):
    [day] = garmin.get_weigh_ins("2026-11-01", "2026-11-30")["dailyWeightSummaries"]
    same("day", (day["summaryDate"], day["numOfWeightEntries"]), ("2026-11-20", 1))
    same_entry("entry", day["allWeightMetrics"][0], COMPOSITION)
    same_entry("latest", day["latestWeight"], COMPOSITION)

with step("read back as body composition (dateRange)"):
    [entry] = garmin.get_body_composition("2026-11-19", "2026-11-21")["dateWeightList"]
    same_entry("entry", entry, COMPOSITION)
    same("outside", garmin.get_body_composition("2026-11-21")["dateWeightList"], [])

with step("the same file again is stored twice: no dedupe"):
    garmin.add_body_composition("2026-11-20T07:30:15", weight=70.25)
    same("entries", len(entries("2026-11-20")), 2)
    same("keys", len({entry["samplePk"] for entry in entries("2026-11-20")}), 2)

with step("weight by JSON, with and without both clocks; the same one twice is stored once"):
    garmin.add_weigh_in(81.5, timestamp="2026-11-21T06:00:00")
    garmin.add_weigh_in(81.5, timestamp="2026-11-21T06:00:00")
    garmin.add_weigh_in_with_timestamps(82.5, dateTimestamp="2026-11-21T20:00:00", gmtTimestamp="2026-11-21T19:00:00")
    found = [(entry["weight"], entry["sourceType"], entry["timestampGMT"]) for entry in entries("2026-11-21")]
    expected = [(82500, "MANUAL", 1795287600000), (81500, "MANUAL", 1795237200000)]
    same("entries, newest first", found, expected)

with step("a weight is deleted by its key, once"):
    key = entries("2026-11-20")[0]["samplePk"]
    garmin.delete_weigh_in(str(key), "2026-11-20")
    same("left", [entry["samplePk"] == key for entry in entries("2026-11-20")], [False])
    refused(GarminConnectNotFoundError, lambda: garmin.delete_weigh_in(str(key), "2026-11-20"))

with step("all weights of a day are deleted"):
    same("deleted", garmin.delete_weigh_ins("2026-11-21", delete_all=True), 2)
    same("left", entries("2026-11-21"), [])

with step("blood pressure: echoed with a version and its category as a word"):
    echo = garmin.set_blood_pressure(145, 88, 61, timestamp="2026-11-20T08:30:00", notes="left arm")
    expected = {"systolic": 145, "diastolic": 88, "pulse": 61, "notes": "left arm", "category": "STAGE_1_HIGH"}
    same_entry("echo", echo, {**expected, "measurementTimestampGMT": "2026-11-20T07:30:00.0"})
    garmin.set_blood_pressure(120, 78, timestamp="2026-11-20T21:00:00")

with step("blood pressure is read back by range"):
    [day] = garmin.get_blood_pressure("2026-11-19", "2026-11-21")["measurementSummaries"]
    same("day", (day["startDate"], day["numOfMeasurements"], day["highSystolic"]), ("2026-11-20", 2, 145))
    found = [(it["systolic"], it["diastolic"], it["pulse"]) for it in day["measurements"]]
    same("measurements, newest first", found, [(120, 78, None), (145, 88, 61)])

with step("blood pressure is read back by day, which has a different shape"):
    day = garmin.get_blood_pressure_day("2026-11-20")
    same("counts", (day["totalMeasurementCount"], day["elevatedMeasurementCount"]), (2, 1))
    same("values", [it["systolic"] for it in day["bloodPressureMeasurements"]], [120, 145])

with step("a blood pressure is deleted by its version, once"):
    version_of_first = str(garmin.get_blood_pressure_day("2026-11-20")["bloodPressureMeasurements"][0]["version"])
    garmin.delete_blood_pressure(version_of_first, "2026-11-20")
    same(
        "left",
        [it["systolic"] for it in garmin.get_blood_pressure_day("2026-11-20")["bloodPressureMeasurements"]],
        [145],
    )
    refused(GarminConnectNotFoundError, lambda: garmin.delete_blood_pressure(version_of_first, "2026-11-20"))

with step("an expired access token is renewed, the call is repeated, and the old refresh token no longer works"):
    before = garmin.client.di_refresh_token
    control("expire", email=EMAIL)
    same("read after that", len(entries("2026-11-20")), 1)
    true("the refresh token stayed", garmin.client.di_refresh_token != before)
    late = client(EMAIL, "mobile+cffi")
    late.client.loads(json.dumps({**json.loads(garmin.client.dumps()), "di_refresh_token": before}))
    refused(GarminConnectAuthenticationError, late.client._refresh_di_token)

with step("an upload survives an expired access token: the file is sent again"):
    control("expire", email=EMAIL)
    garmin.add_body_composition("2026-11-22T07:30:15", weight=70.5)
    same("entries", [entry["weight"] for entry in entries("2026-11-22")], [70500])

with step("without the upload consent, every write is refused with 412 and a reason"):
    control("consent", email=EMAIL, given=False)
    for write in (
        lambda: garmin.add_body_composition("2026-11-23T07:30:15", weight=70.5),
        lambda: garmin.add_weigh_in(70.5, timestamp="2026-11-23T07:30:15"),
        lambda: garmin.set_blood_pressure(120, 80, timestamp="2026-11-23T07:30:15"),
    ):
        error = refused(GarminConnectConnectionError, write)
        true(f"it reads {error}", "412" in str(error) and "upload consent" in str(error))
    control("consent", email=EMAIL, given=True)
    same("entries", entries("2026-11-23"), [])

with step("a file listed as failed in a 202 is reported as failed and not stored"):
    control("fault", name="garmin_upload_failed_in_202", times=1)
    failures = garmin.add_body_composition("2026-11-24T07:30:15", weight=70.5)["detailedImportResult"]["failures"]
    same("failures", len(failures), 1)
    true("it has no text", isinstance(failures[0]["messages"][0]["content"], str))
    same("entries", entries("2026-11-24"), [])

with step("invalid dates answer 400"):
    refused(
        GarminConnectConnectionError, lambda: garmin.connectapi("/weight-service/weight/range/2026-11-30/2026-11-01")
    )

say(done=True)
