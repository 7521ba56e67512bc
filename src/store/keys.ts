import type { Key } from "./table.ts";

/**
 * Every item that is ever stored, and where. Instants in keys are ISO texts in UTC; a pair is
 * `<Withings user id>#<Garmin profile id>`.
 *
 *   partition                      sort key                what
 *   accounts                       <account>               there is this account
 *   account#<account>              account                 the account and its settings
 *   account#<account>              link#<vendor>           tokens (sealed) and whose they are
 *   account#<account>              ledger#<pair>           the account has had a ledger for this pair
 *   account#<account>              health                  what the owner was told and still has to be
 *   account#<account>              summary                 when the last card was made or began, the last digests, which message is edited today, and that the first readings were announced
 *   account#<account>              pending-link#<vendor>   tokens of a sign-in that is not a link yet (sealed, ten minutes)
 *   account#<account>              pending-sign-in         a Garmin sign-in waiting for its code (sealed, ten minutes)
 *   account#<account>              sign-in-cooldown        when Garmin sign-ins may be tried again
 *   account#<account>              garmin-email            the e-mail of the last Garmin sign-in (sealed)
 *   account#<account>              subscriptions           the Withings notifications, and when they were last checked
 *   account#<account>              typed                   readings that were typed into the chat or handed on there, until they are settled
 *   account#<account>              runs                    how the last run ended, and when the next one is
 *   schedule                       <instant>#<account>     the same, listed by time
 *   store                          identity                which store this is; Telegram remembers it for the bot
 *   schedule-check                 after                   how far the search for accounts without a scheduled run is
 *   jobs                           <account>#<reason>      a job
 *   vendor-user#<vendor>#<userid>  account                 which account a Withings person or Garmin profile belongs to
 *   ledger#<account>#<pair>        progress                the pair's cursor and what belongs to it
 *   ledger#<account>#<pair>        reading#<id>            the fate of one reading
 *   ledger#<account>#<pair>        past#<year>             readings from before the ledger's start, for pictures
 *   ledger#<account>#<pair>        past#read               when Withings was asked for them
 *   lease#<name>                   lease                   who may work on it, and until when
 *   once#<name>                    once                    something was said or spent, and must not be again
 *   rate-limit#<vendor>            rate-limit              when the vendor may be asked next (while it matters)
 *   vendor-answers                 answers                 how vendors answered, and unknown shapes (sealed)
 *   people                         <person>                somebody who was invited
 *   offers                         <account>#<reading id>  a reading that its owner says is somebody else's here, and their answer
 *   invite#<hash>                  invite                  an invitation that nobody has accepted yet (a day)
 *   dialog#<chat>                  dialog                  how far a dialog in the chat has got (sealed, a day)
 *   turn#<chat>                    turn                    who handles what the chat sends, and what was handled (two days)
 */
const padded = (account: number) => String(account).padStart(16, "0");
const ofAccount =
  (sk: string) =>
  (account: number): Key => ({ pk: `account#${account}`, sk });

export const keys = {
  accounts: "accounts",
  accountEntry: (account: number): Key => ({ pk: "accounts", sk: padded(account) }),
  account: ofAccount("account"),
  accountPartition: (account: number) => `account#${account}`,
  ledgerRange: { from: "ledger#", to: "ledger$" },
  ledgerMark: (account: number, withingsUserId: string, garminProfileId: string) =>
    ofAccount(`ledger#${withingsUserId}#${garminProfileId}`)(account),
  link: (account: number, vendor: string) => ofAccount(`link#${vendor}`)(account),
  health: ofAccount("health"),
  summary: ofAccount("summary"),
  pendingLink: (account: number, vendor: string) => ofAccount(`pending-link#${vendor}`)(account),
  pendingSignIn: ofAccount("pending-sign-in"),
  signInCooldown: ofAccount("sign-in-cooldown"),
  garminEmail: ofAccount("garmin-email"),
  /** Nothing is stored there: a session of the sign-in page is sealed to it. */
  signInSession: ofAccount("sign-in-session"),
  subscriptions: ofAccount("subscriptions"),
  typed: ofAccount("typed"),
  runs: ofAccount("runs"),
  schedule: "schedule",
  dueEntry: (account: number, dueAt: Date): Key => ({
    pk: "schedule",
    sk: `${dueAt.toISOString()}#${padded(account)}`,
  }),
  accountOfDueEntry: ({ sk }: Key) => Number(sk.slice(sk.indexOf("#") + 1)),
  storeIdentity: { pk: "store", sk: "identity" },
  scheduleCheck: { pk: "schedule-check", sk: "after" },
  jobs: "jobs",
  job: (account: number, what: string): Key => ({ pk: "jobs", sk: `${padded(account)}#${what}` }),
  vendorUser: (vendor: string, userId: string): Key => ({ pk: `vendor-user#${vendor}#${userId}`, sk: "account" }),
  ledger: (account: number, withingsUserId: string, garminProfileId: string) =>
    `ledger#${account}#${withingsUserId}#${garminProfileId}`,
  ledgersOf: (account: number) => `ledger#${account}#`,
  progress: (ledger: string): Key => ({ pk: ledger, sk: "progress" }),
  pastRange: { from: "past#", to: "past$" },
  past: (ledger: string, year: number): Key => ({ pk: ledger, sk: `past#${year}` }),
  pastRead: (ledger: string): Key => ({ pk: ledger, sk: "past#read" }),
  reading: (ledger: string, id: string): Key => ({ pk: ledger, sk: `reading#${id}` }),
  lease: (name: string): Key => ({ pk: `lease#${name}`, sk: "lease" }),
  once: (name: string): Key => ({ pk: `once#${name}`, sk: "once" }),
  rateLimit: (vendor: string): Key => ({ pk: `rate-limit#${vendor}`, sk: "rate-limit" }),
  vendorAnswers: { pk: "vendor-answers", sk: "answers" },
  people: "people",
  person: (person: number): Key => ({ pk: "people", sk: padded(person) }),
  offers: "offers",
  offer: (account: number, readingId: string): Key => ({ pk: "offers", sk: `${padded(account)}#${readingId}` }),
  invite: (hash: string): Key => ({ pk: `invite#${hash}`, sk: "invite" }),
  dialog: (chatId: string): Key => ({ pk: `dialog#${chatId}`, sk: "dialog" }),
  turn: (name: string): Key => ({ pk: `turn#${name}`, sk: "turn" }),
};
