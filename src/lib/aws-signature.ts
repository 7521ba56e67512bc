import { createHash, createHmac } from "node:crypto";

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

interface Signed {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/**
 * The headers of a request to AWS: those given, the host, the time, the session token, and the signature of all of them (version 4).
 * For addresses without a query, whose path needs no encoding.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(
  { method, url, headers, body }: Signed,
  { credentials, region, service, now }: { credentials: AwsCredentials; region: string; service: string; now: Date },
): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  // 20150830T123600Z
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-date": time,
    ...(sessionToken && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(all).sort();
  const list = names.join(";");
  const lines = names.map((name) => `${name}:${all[name]?.trim()}\n`).join("");
  const canonical = [method, url.pathname, "", lines, list, sha256(body)].join("\n");

  const scope = [time.slice(0, 8), region, service, "aws4_request"];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, [ALGORITHM, time, scope.join("/"), sha256(canonical)].join("\n")).toString("hex");
  const credential = `${accessKeyId}/${scope.join("/")}`;
  return {
    ...all,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${list}, Signature=${signature}`,
  };
}
