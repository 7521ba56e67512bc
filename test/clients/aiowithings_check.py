"""aiowithings: what Home Assistant reads Withings with."""

import asyncio
from datetime import UTC, datetime
from importlib.metadata import version

from aiowithings import (
    MeasurementType,
    NotificationCategory,
    WithingsAuthenticationFailedError,
    WithingsClient,
    WithingsError,
    WithingsInvalidParamsError,
    WithingsTooManyRequestsError,
)
from support import Wrong, control, same, say, step, true

say(title=f"aiowithings {version('aiowithings')}")

WEIGHED = 1795156215
CALLBACK = "https://bot.example.org/withings/notify?key=a-long-secret"


async def refused(kind, call):
    try:
        found = await call
    except kind as error:
        return error
    raise Wrong(f"no {kind.__name__}, but {found!r}")


def at(seconds):
    return datetime.fromtimestamp(seconds, tz=UTC)


def values(group):
    return {it.measurement_type: round(it.value, 3) for it in group.measurements}


async def main():
    control("person")
    grpid = control(
        "weigh", at=WEIGHED, weightKg=70.25, fatRatioPercent=18.5, waterKg=40.5, visceralFat=3.3, siblings=True
    )
    pressed = control("press", at=WEIGHED + 60, systolic=121, diastolic=79, pulse=61)
    link = control("withings_link")

    async with WithingsClient() as client:
        client.authenticate(link["accessToken"])

        with step("getmeas since a time, with the token in the header"):
            groups = await client.get_measurement_since(at(0))
            found = {group.group_id: group for group in groups}
            same("time", found[grpid].taken_at, at(WEIGHED))
            expected = {
                MeasurementType.WEIGHT: 70.25,
                MeasurementType.FAT_RATIO: 18.5,
                MeasurementType.HYDRATION: 40.5,
                MeasurementType.VISCERAL_FAT: 3.3,
            }
            same("weigh-in", {name: values(found[grpid]).get(name) for name in expected}, expected)
            pressure = values(found[pressed])
            found = [
                pressure[kind]
                for kind in (MeasurementType.SYSTOLIC_BLOOD_PRESSURE, MeasurementType.DIASTOLIC_BLOOD_PRESSURE)
            ]
            same("pressure", found, [121, 79])

        with step("getmeas in a period, of chosen types"):
            groups = await client.get_measurement_in_period(at(WEIGHED - 60), at(WEIGHED), [MeasurementType.WEIGHT])
            same("groups", [values(group) for group in groups], [{MeasurementType.WEIGHT: 70.25}])
            same("before it", await client.get_measurement_in_period(at(WEIGHED - 90), at(WEIGHED - 60)), [])

        with step("getdevice: the scale and the cuff"):
            devices = await client.get_devices()
            found = [(str(device.device_type), device.model.name, device.battery.value) for device in devices]
            expected = [("Scale", "BODY_SCAN", "high"), ("Blood Pressure Monitor", "BPM_CONNECT", "high")]
            same("devices", found, expected)
            same("last session", devices[0].last_session_date, at(WEIGHED))

        with step("getgoals without any goals"):
            goals = await client.get_goals()
            same("goals", (goals.steps, goals.sleep, goals.weight), (None, None, None))

        with step("notify: subscribe, list, revoke, list"):
            same("at first", await client.list_notification_configurations(), [])
            for category in (NotificationCategory.WEIGHT, NotificationCategory.PRESSURE):
                await client.subscribe_notification(CALLBACK, category)
            listed = await client.list_notification_configurations()
            found = [(it.notification_category, it.callback_url) for it in listed]
            expected = [(NotificationCategory.WEIGHT, CALLBACK), (NotificationCategory.PRESSURE, CALLBACK)]
            same("listed", found, expected)
            same("of one kind", len(await client.list_notification_configurations(NotificationCategory.PRESSURE)), 1)
            await client.revoke_notification_configurations(CALLBACK, NotificationCategory.WEIGHT)
            same(
                "left",
                [it.notification_category for it in await client.list_notification_configurations()],
                [NotificationCategory.PRESSURE],
            )

        with step("notify: a missing subscription can't be revoked, and an address without TLS can't be subscribed"):
            error = await refused(
                WithingsInvalidParamsError,
                client.revoke_notification_configurations(CALLBACK, NotificationCategory.WEIGHT),
            )
            true(f"it reads {error}", "could be deleted" in str(error))
            await refused(
                WithingsInvalidParamsError,
                client.subscribe_notification("http://bot.example.org/n", NotificationCategory.WEIGHT),
            )

        with step("an unknown path and an unknown action are answered with data, not a page"):
            for path in ("v2/nonsense", "measure"):
                error = await refused(WithingsError, client._request(path, data={"action": "nonsense"}))
                same("text", str(error), "Not implemented")

        with step("the same call twice in ten seconds is refused"):
            control("withings_limits", dedupe="all")
            await client.get_goals()
            error = await refused(WithingsTooManyRequestsError, client.get_goals())
            same("text", str(error), "Same arguments in less than 10 seconds")
            control("withings_limits", dedupe="off")

    with step("an invalid token and a missing scope are refused, and the error says which"):
        async with WithingsClient() as client:
            client.authenticate("nonsense")
            await refused(WithingsAuthenticationFailedError, client.get_measurement_since(at(0)))
            client.authenticate(control("withings_link", scope="user.info")["accessToken"])
            same("devices", len(await client.get_devices()), 2)
            error = await refused(WithingsError, client.get_measurement_since(at(0)))
            true(f"it reads {error}", "Insufficient_scope" in str(error))


asyncio.run(main())
say(done=True)
