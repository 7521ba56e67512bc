/** Cookies of one host by name, as plain data, so that a sign-in can be stored half-way and go on in another process. */
type Cookies = Record<string, string>;

/** There is one host. Its load-balancer cookies have to come back too, or Garmin's other servers don't know the sign-in. */
export function keepCookies(cookies: Cookies, setCookie: string | string[] | undefined, now: Date): Cookies {
  const kept = { ...cookies };
  for (const line of [setCookie ?? []].flat()) {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const equals = pair.indexOf("=");
    if (equals < 1) continue;
    const name = pair.slice(0, equals);
    if (isExpired(attributes, now)) delete kept[name];
    else kept[name] = pair.slice(equals + 1);
  }
  return kept;
}

function isExpired(attributes: string[], now: Date): boolean {
  const attribute = (name: string) =>
    attributes.find((it) => it.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const maxAge = attribute("max-age");
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = attribute("expires");
  return expires !== undefined && new Date(expires) <= now;
}

export function cookieHeader(cookies: Cookies): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
}
