import type { DemoWorld } from "./demo-world.ts";
import type { PanelActions } from "./panel-contract.ts";
import { HOUSEMATE_NAME as NAME } from "./people.ts";

/** Their Telegram id. */
const HOUSEMATE = 1002;
const BUTTONS = { yes: "Yes", no: "No", undo: "Undo" } as const;

/** Somebody else in the house, whose chat isn't on the page. */
export function householdActions({
  sandbox,
  program,
  housemate,
}: DemoWorld): Pick<PanelActions, "housemateJoins" | "housemateSays"> {
  return {
    async housemateJoins() {
      const { store, garminSignIn, withingsLinking } = program.app();
      if (await store.accounts.find(HOUSEMATE)) return `${NAME} uses the bot already.`;
      sandbox.telegram.user({ id: HOUSEMATE, firstName: NAME, started: true });
      await store.people.accept(await store.people.invite(), { telegramUserId: HOUSEMATE, name: NAME });
      await store.accounts.save(HOUSEMATE, { name: NAME });
      sandbox.garmin.setConsent(housemate.account.email, true);
      await garminSignIn.withPasted(HOUSEMATE, sandbox.garmin.mintTicket(housemate.account.email));
      const back = sandbox.withings.allow(housemate.person.userid, withingsLinking.begin(HOUSEMATE));
      await withingsLinking.withPasted(HOUSEMATE, back);
      return `${NAME} uses the bot too, with a scale and a Garmin account of their own.`;
    },

    async housemateSays({ answer }) {
      const chat = sandbox.telegram.user({ id: HOUSEMATE, firstName: NAME });
      const label = BUTTONS[answer];
      const asked = chat.messages.findLast(({ buttons }) => buttons.flat().some(({ text }) => text === label));
      if (!asked) return `${NAME} has no button “${label}”.`;
      chat.tap(label, asked.id);
      return `${NAME} has tapped “${label}” below “${asked.text.split("\n")[0]}”`;
    },
  };
}
