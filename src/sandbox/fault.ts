export type ServerName = "withings" | "garmin_sso" | "garmin_diauth" | "garmin_connectapi" | "telegram";

export type FaultEffect =
  /** Nothing happens; this is the answer. */
  | { type: "status"; status: number; headers?: Record<string, string>; body?: unknown }
  /** Nothing happens; HTTP 200 with this body. Objects are sent as JSON, strings as HTML unless said otherwise. */
  | { type: "body"; body: unknown; contentType?: string }
  /** The request is taken and never answered. One of a fault that stays is dropped when that is turned off. */
  | { type: "hang" }
  /** The connection dies and nothing has happened. */
  | { type: "drop_before" }
  /** It happened, and the answer got lost. */
  | { type: "drop_after" }
  /** It happened, and is never answered. */
  | { type: "hang_after" }
  /** It happens and is answered as ever, but late (real seconds). */
  | { type: "delay"; seconds: number }
  /** No request is caught: the server asks the board and behaves differently. See `FaultBoard.setting`. */
  | { type: "setting"; value: number };

export interface FaultMatch {
  method?: string;
  path?: string | RegExp;
  /** The field `action` of the form or the query: how Withings tells its calls apart. */
  action?: string;
  /** Other fields of the form or the query that must have these values. */
  form?: Record<string, string>;
}

export interface Fault {
  name: string;
  /** For people. */
  label: string;
  server?: ServerName;
  match: FaultMatch;
  /** How many requests it still catches. */
  times: number;
  effect: FaultEffect;
}
