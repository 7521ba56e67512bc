import { expect } from "vitest";
import { test } from "./fixtures.ts";

const OWNER = "owner@example.org";
const HOUSEMATE = "housemate@example.org";

test("a reading of somebody else in the house goes into their Garmin once they say yes, and leaves it again", async ({
  demo,
  phone,
}) => {
  const kilos = (email: string) => demo.sandbox.garmin.weights(email).map(({ weightKg }) => weightKg);
  await phone.linkBoth();
  await phone.play("Sam joins the bot");
  await phone.play("Somebody of 82.4 kg steps on");
  await demo.pass(10);
  await phone.waitForMessage("82.4 kg, today");
  await phone.shot("handed on 1 the question, phone");
  await phone.tapButton("It was Sam");
  await phone.waitForMessage("I’ve asked Sam.");
  await phone.shot("handed on 2 asked, phone");
  await phone.play("Sam says yes");
  await phone.waitForMessage("Sam says yes. It’s in Sam’s Garmin.");
  await phone.shot("handed on 3 said yes, phone");
  expect(await phone.overflow()).toEqual({});
  expect(kilos(HOUSEMATE).filter((it) => it === 82.4)).toHaveLength(1);
  expect(kilos(OWNER)).not.toContain(82.4);
  await phone.play("Sam takes that back");
  await phone.waitForMessage("I’ve asked Sam.");
  await phone.play("Sam says no");
  await phone.waitForMessage("Sam says no, and there’s nobody else here to ask");
  await phone.shot("handed on 4 said no, phone");
  expect(kilos(HOUSEMATE)).not.toContain(82.4);
});
