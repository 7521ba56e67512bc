import type { Accounts } from "../../sync/model/account.ts";
import { type Links, VENDORS } from "../../sync/model/link.ts";
import type { People } from "../../sync/model/people.ts";
import type { Other } from "../ui/hand-on-buttons.ts";

export interface OthersDeps {
  allowedIds: number[];
  accounts: Pick<Accounts, "find">;
  people: Pick<People, "list">;
  links: Pick<Links, "facts">;
}

/** The other people of this bot, as far as they have linked both sides: only they can take a reading. */
export async function othersOf({ allowedIds, accounts, people, links }: OthersDeps, account: number): Promise<Other[]> {
  const invited = (await people.list()).map(({ telegramUserId }) => telegramUserId);
  const others: Other[] = [];
  for (const id of new Set([...allowedIds, ...invited])) {
    const name = id === account ? undefined : (await accounts.find(id))?.name;
    if (name !== undefined && (await isLinked(links, id))) others.push({ id, name });
  }
  const isShared = ({ id, name }: Other) => others.some((it) => it.name === name && it.id !== id);
  return others.map((it) => (isShared(it) ? { ...it, name: `${it.name} (${it.id})` } : it));
}

export async function isLinked(links: Pick<Links, "facts">, account: number): Promise<boolean> {
  for (const vendor of VENDORS) if (!(await links.facts(account, vendor))) return false;
  return true;
}
