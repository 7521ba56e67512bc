export type ServerName = "withings" | "garmin_sso" | "garmin_diauth" | "garmin_connectapi" | "telegram";

export type FaultEffect =
  /** Nothing happens, and this is the answer. */
  | { type: "status"; status: number; headers?: Record<string, string>; body?: unknown }
  /** Nothing happens, and the answer is HTTP 200 with this body: objects as JSON, strings as HTML by default. */
  | { type: "body"; body: unknown; contentType?: string }
  /** Nothing happens, and no answer comes. Turning the fault off drops the connection. */
  | { type: "hang" }
  /** Nothing happens, and the connection breaks. */
  | { type: "drop_before" }
  /** It happens, and the connection breaks before the answer. */
  | { type: "drop_after" }
  /** It happens, and no answer comes. */
  | { type: "hang_after" }
  /** It happens, and the answer comes late, in real time. */
  | { type: "delay"; seconds: number }
  /** Matches no request: the server asks for it and behaves differently. See `FaultBoard.setting`. */
  | { type: "setting"; value: number };

export interface FaultMatch {
  method?: string;
  path?: string | RegExp;
  /** The form or query field by which Withings tells its calls apart. */
  action?: string;
  form?: Record<string, string>;
}

export interface Fault {
  name: string;
  label: string;
  server?: ServerName;
  match: FaultMatch;
  times: number;
  effect: FaultEffect;
}
