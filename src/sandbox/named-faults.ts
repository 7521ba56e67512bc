import type { Fault } from "./fault.ts";

type NamedFault = Omit<Fault, "name" | "times">;

const JSON_LOGIN = /^\/(mobile|portal)\/api\/login$/;
const ANY_PATH = /^\//;

const signInRefused = (type: string, message: string, httpStatus: string) => ({
  serviceURL: null,
  serviceTicketId: null,
  responseStatus: { type, message, httpStatus },
  responseReason: null,
  customerMfaInfo: null,
  consentTypeList: null,
  captchaAlreadyPassed: false,
  samlResponse: null,
  authType: null,
});
export const namedFaults = {
  withings_601: {
    label: "Withings refuses: too many requests (601)",
    server: "withings",
    match: { method: "POST", path: /^\/(measure|notify|v2\/oauth2)$/ },
    effect: {
      type: "body",
      body: { status: 601, body: {}, error: "Same arguments in less than 10 seconds" },
    },
  },
  withings_503_refresh_token_dead: {
    label: "Withings no longer accepts the link (503)",
    server: "withings",
    match: { path: "/v2/oauth2", form: { grant_type: "refresh_token" } },
    effect: { type: "body", body: { status: 503, error: "Invalid Params: invalid refresh_token" } },
  },
  withings_503_client_secret: {
    label: "Withings refuses the application’s id or secret (503)",
    server: "withings",
    match: { path: "/v2/oauth2" },
    effect: { type: "body", body: { status: 503, error: "Invalid Params: invalid client id/secret" } },
  },
  withings_down: {
    label: "Withings is down (HTTP 502)",
    server: "withings",
    match: { path: ANY_PATH },
    effect: { type: "status", status: 502, body: "<html><title>502 Bad Gateway</title></html>" },
  },
  withings_html_page: {
    label: "Withings sends a web page instead of data",
    server: "withings",
    match: { path: "/measure" },
    effect: { type: "body", body: "<!doctype html><title>Withings</title><h1>We will be back soon</h1>" },
  },
  withings_unknown_status: {
    label: "Withings answers with an unknown code (98765)",
    server: "withings",
    match: { path: "/measure" },
    effect: { type: "body", body: { status: 98765, body: {}, error: "Something new" } },
  },
  withings_scope_reduced: {
    label: "Withings’ permission no longer covers weights (403)",
    server: "withings",
    match: { path: "/measure" },
    effect: {
      type: "body",
      body: { status: 403, body: {}, error: "Insufficient_scope: The request requires higher privileges" },
    },
  },
  withings_field_renamed: {
    label: "Withings renames a field in its answers",
    server: "withings",
    match: { path: "/measure" },
    effect: {
      type: "body",
      body: { status: 0, body: { updatetime: 0, timezone: "Europe/Berlin", measureGroups: [] } },
    },
  },
  withings_hangs: {
    label: "Withings never answers",
    server: "withings",
    match: { path: ANY_PATH },
    effect: { type: "hang" },
  },
  garmin_upload_412: {
    label: "Garmin wants your consent to uploads (412)",
    server: "garmin_connectapi",
    match: { method: "POST", path: /^\/(upload-service|weight-service|bloodpressure-service)\// },
    effect: {
      type: "status",
      status: 412,
      body: {
        message: "The user is from EU location, but upload consent is not yet granted or revoked",
        reasonCode: 2,
        error: "PreconditionFailedException",
      },
    },
  },
  garmin_upload_failed_in_202: {
    label: "Garmin accepts the file (202), then lists it as failed",
    server: "garmin_connectapi",
    match: { method: "POST", path: /^\/upload-service\// },
    effect: {
      type: "status",
      status: 202,
      body: {
        detailedImportResult: {
          uploadId: 100_000_000_001,
          uploadUuid: null,
          owner: 100_000_000,
          fileSize: 108,
          processingTime: 36,
          creationDate: "2026-03-02 07:00:00.113 GMT",
          ipAddress: null,
          fileName: "weight.fit",
          report: null,
          successes: [],
          failures: [{ internalId: null, externalId: "", messages: [{ code: 202, content: "File is not valid" }] }],
        },
      },
    },
  },
  garmin_upload_lost_answer: {
    label: "Garmin takes the upload, but its answer is lost",
    server: "garmin_connectapi",
    match: { method: "POST", path: /^\/(upload-service|weight-service|bloodpressure-service)\// },
    effect: { type: "drop_after" },
  },
  garmin_upload_dropped: {
    label: "The connection breaks before the upload arrives",
    server: "garmin_connectapi",
    match: { method: "POST", path: /^\/(upload-service|weight-service|bloodpressure-service)\// },
    effect: { type: "drop_before" },
  },
  garmin_slow_to_show: {
    label: "Garmin shows an upload only after ten minutes",
    server: "garmin_connectapi",
    match: {},
    effect: { type: "setting", value: 600 },
  },
  garmin_rounds_weight: {
    label: "Garmin rounds weights to 0.1 kg",
    server: "garmin_connectapi",
    match: {},
    effect: { type: "setting", value: 1 },
  },
  garmin_shifts_time: {
    label: "Garmin moves weights one hour later",
    server: "garmin_connectapi",
    match: {},
    effect: { type: "setting", value: 1 },
  },
  garmin_drops_composition: {
    label: "Garmin keeps the weight and drops the body composition",
    server: "garmin_connectapi",
    match: {},
    effect: { type: "setting", value: 1 },
  },
  garmin_blood_pressure_closed: {
    label: "Garmin accepts no blood pressure for this account (403)",
    server: "garmin_connectapi",
    match: { path: /^\/bloodpressure-service\// },
    effect: {
      type: "status",
      status: 403,
      body: { message: "HTTP 403 Forbidden", error: "ForbiddenException" },
    },
  },
  garmin_field_renamed: {
    label: "Garmin renames a field in its answers",
    server: "garmin_connectapi",
    match: { method: "GET", path: /^\/(weight-service|bloodpressure-service)\// },
    effect: { type: "body", body: { dailySummaries: [], measurements: [] } },
  },
  garmin_token_not_active: {
    label: "Garmin doesn’t accept a new sign-in yet (401)",
    server: "garmin_connectapi",
    match: { path: ANY_PATH },
    effect: {
      type: "status",
      status: 401,
      headers: { "www-authenticate": 'Bearer error="invalid_token", error_description="Token is not active"' },
    },
  },
  garmin_signed_out: {
    label: "Garmin signs you out everywhere",
    server: "garmin_diauth",
    match: {},
    effect: { type: "setting", value: 1 },
  },
  garmin_diauth_down: {
    label: "Garmin can’t renew the sign-in: that server is down (HTTP 503)",
    server: "garmin_diauth",
    match: { path: ANY_PATH },
    effect: { type: "status", status: 503, body: "upstream connect error" },
  },
  garmin_refresh_lost_answer: {
    label: "Garmin renews the sign-in, but its answer is lost",
    server: "garmin_diauth",
    match: { form: { grant_type: "refresh_token" } },
    effect: { type: "drop_after" },
  },
  garmin_sso_429: {
    label: "Garmin refuses: too many attempts (429)",
    server: "garmin_sso",
    match: { method: "POST", path: JSON_LOGIN },
    effect: { type: "status", status: 429, body: { error: { "status-code": "429" } } },
  },
  garmin_sso_429_in_200: {
    label: "Garmin refuses: too many attempts (429 inside 200)",
    server: "garmin_sso",
    match: { method: "POST", path: JSON_LOGIN },
    effect: { type: "body", body: { error: { "status-code": "429" } } },
  },
  garmin_sso_cloudflare_403: {
    label: "Garmin wants a real browser (Cloudflare, 403)",
    server: "garmin_sso",
    match: { path: /^\/(mobile|portal)\// },
    effect: {
      type: "status",
      status: 403,
      headers: { "content-type": "text/html; charset=UTF-8", server: "cloudflare", "cf-mitigated": "challenge" },
      body: "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>",
    },
  },
  garmin_captcha: {
    label: "Garmin asks for a captcha",
    server: "garmin_sso",
    match: { method: "POST", path: JSON_LOGIN },
    effect: { type: "body", body: signInRefused("CAPTCHA_REQUIRED", "", "OK") },
  },
  garmin_account_locked: {
    label: "Garmin has locked the account",
    server: "garmin_sso",
    match: { method: "POST", path: JSON_LOGIN },
    effect: {
      type: "status",
      status: 401,
      body: signInRefused("ACCOUNT_LOCKED", "generalLoginAccountLocked", "UNAUTHORIZED"),
    },
  },
  garmin_api_500: {
    label: "Garmin Connect is broken (HTTP 500)",
    server: "garmin_connectapi",
    match: { path: ANY_PATH },
    effect: {
      type: "status",
      status: 500,
      body: { message: "HTTP 500 Internal Server Error", error: "InternalServerErrorException" },
    },
  },
  garmin_api_cloudflare_403: {
    label: "Garmin Connect wants a real browser (Cloudflare, 403)",
    server: "garmin_connectapi",
    match: { path: ANY_PATH },
    effect: {
      type: "status",
      status: 403,
      headers: { "content-type": "text/html; charset=UTF-8", server: "cloudflare", "cf-mitigated": "challenge" },
      body: "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>",
    },
  },
  garmin_api_429: {
    label: "Garmin Connect refuses: too many requests (429)",
    server: "garmin_connectapi",
    match: { path: ANY_PATH },
    effect: { type: "status", status: 429, headers: { "retry-after": "120" }, body: { error: "Too Many Requests" } },
  },
  telegram_down: {
    label: "Telegram is down (HTTP 502)",
    server: "telegram",
    match: { path: ANY_PATH },
    effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
  },
  telegram_messages_refused: {
    label: "Telegram refuses all messages to you (403)",
    server: "telegram",
    match: { path: /\/sendMessage$/ },
    effect: { type: "status", status: 403, body: { ok: false, error_code: 403, description: "Forbidden: something" } },
  },
  telegram_token_revoked: {
    label: "Telegram no longer knows the bot’s token (401)",
    server: "telegram",
    match: { path: ANY_PATH },
    effect: { type: "status", status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } },
  },
} as const satisfies Record<string, NamedFault>;

export type FaultName = keyof typeof namedFaults;
