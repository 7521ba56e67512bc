import type { Key } from "./table.ts";

/**
 * Every item that is ever stored, and where. Instants in keys are ISO texts in UTC.
 *
 *   partition                      sort key                what
 *   accounts                       <account>               the account and its settings
 *   account#<account>              link#<vendor>           tokens (sealed) and whose they are
 *   account#<account>              last-run                how the last run ended
 *   account#<account>              ledger#<w>#<g>          that the account has had a ledger for this pair
 *   account#<account>              health                  what the owner was told, and has to be told
 *   account#<account>              summary                 when the last summary was made
 *   account#<account>              pending-link#<vendor>   tokens of a sign-in that is not a link yet (sealed, ten minutes)
 *   account#<account>              pending-sign-in         a Garmin sign-in that waits for its code (sealed, ten minutes)
 *   account#<account>              sign-in-cooldown        until when Garmin sign-ins rest
 *   account#<account>              garmin-email            the e-mail of the last Garmin sign-in (sealed)
 *   account#<account>              subscriptions           what Withings tells us of, and when that was last checked
 *   account#<account>              schedule                when the account is looked at next
 *   schedule                       <instant>#<account>     the same, listed by time
 *   store                          identity                which store this is, as Telegram remembers it for the bot
 *   schedule-check                 after                   how far the search for accounts without a scheduled run is
 *   jobs                           <account>#<reason>      what is to be done soon, because somebody asked for it
 *   vendor-user#<vendor>#<userid>  account                 which account a Withings person or Garmin profile belongs to
 *   ledger#<account>#<w>#<g>       progress                how far the pair is
 *   ledger#<account>#<w>#<g>       reading#<id>            the fate of one reading
 *   lease#<name>                   lease                   who may work on it, and until when
 *   once#<name>                    once                    that something was said or spent once, and not to be again
 *   rate-limit#<vendor>            rate-limit              when the vendor may be asked next (an hour)
 *   vendor-answers                 answers                 how vendors answered, and unknown shapes (sealed)
 *   people                         <person>                somebody who was invited
 *   invite#<hash>                  invite                  an invitation that nobody has taken up yet (a day)
 *   dialog#<chat>                  dialog                  how far a dialog in the chat has got (sealed, a day)
 *   update#<id>                    claim                   that a Telegram update is or was handled (two days)
 */
export const keys = {
  accounts: "accounts",
  account: (account: number): Key => ({ pk: "accounts", sk: String(account).padStart(16, "0") }),
  accountPartition: (account: number) => `account#${account}`,
  ledgerRange: { from: "ledger#", to: "ledger$" },
  ledgerMark: (account: number, withingsUserId: string, garminProfileId: string): Key => ({
    pk: `account#${account}`,
    sk: `ledger#${withingsUserId}#${garminProfileId}`,
  }),
  link: (account: number, vendor: string): Key => ({ pk: `account#${account}`, sk: `link#${vendor}` }),
  lastRun: (account: number): Key => ({ pk: `account#${account}`, sk: "last-run" }),
  health: (account: number): Key => ({ pk: `account#${account}`, sk: "health" }),
  summary: (account: number): Key => ({ pk: `account#${account}`, sk: "summary" }),
  pendingLink: (account: number, vendor: string): Key => ({ pk: `account#${account}`, sk: `pending-link#${vendor}` }),
  pendingSignIn: (account: number): Key => ({ pk: `account#${account}`, sk: "pending-sign-in" }),
  signInCooldown: (account: number): Key => ({ pk: `account#${account}`, sk: "sign-in-cooldown" }),
  garminEmail: (account: number): Key => ({ pk: `account#${account}`, sk: "garmin-email" }),
  subscriptions: (account: number): Key => ({ pk: `account#${account}`, sk: "subscriptions" }),
  scheduledRun: (account: number): Key => ({ pk: `account#${account}`, sk: "schedule" }),
  schedule: "schedule",
  dueEntry: (account: number, dueAt: Date): Key => ({
    pk: "schedule",
    sk: `${dueAt.toISOString()}#${String(account).padStart(16, "0")}`,
  }),
  storeIdentity: { pk: "store", sk: "identity" },
  scheduleCheck: { pk: "schedule-check", sk: "after" },
  jobs: "jobs",
  job: (account: number, what: string): Key => ({ pk: "jobs", sk: `${String(account).padStart(16, "0")}#${what}` }),
  vendorUser: (vendor: string, vendorUserId: string): Key => ({
    pk: `vendor-user#${vendor}#${vendorUserId}`,
    sk: "account",
  }),
  ledger: (account: number, withingsUserId: string, garminProfileId: string) =>
    `ledger#${account}#${withingsUserId}#${garminProfileId}`,
  progress: (ledger: string): Key => ({ pk: ledger, sk: "progress" }),
  reading: (ledger: string, id: string): Key => ({ pk: ledger, sk: `reading#${id}` }),
  lease: (name: string): Key => ({ pk: `lease#${name}`, sk: "lease" }),
  once: (name: string): Key => ({ pk: `once#${name}`, sk: "once" }),
  rateLimit: (vendor: string): Key => ({ pk: `rate-limit#${vendor}`, sk: "rate-limit" }),
  vendorAnswers: { pk: "vendor-answers", sk: "answers" },
  people: "people",
  person: (person: number): Key => ({ pk: "people", sk: String(person).padStart(16, "0") }),
  invite: (hash: string): Key => ({ pk: `invite#${hash}`, sk: "invite" }),
  dialog: (chatId: string): Key => ({ pk: `dialog#${chatId}`, sk: "dialog" }),
  update: (updateId: number): Key => ({ pk: `update#${updateId}`, sk: "claim" }),
};
