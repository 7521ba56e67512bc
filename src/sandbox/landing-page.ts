import { type Served, serve } from "./serve.ts";
import { copyAddress, vendorPage } from "./vendor-page.ts";

/**
 * The page behind the callback address of somebody whose program has no public address, https://example.com/ for
 * instance: it knows nothing of Withings, and the code stays in the address bar.
 */
export function startLandingPage(): Promise<Served> {
  return serve(() => {
    const page =
      "<h1>Example Domain</h1><p>This domain is for use in documentation examples.</p>" +
      '<hr><p class="note">Below this line is the sandbox: copy the address of this page and send it to the bot, within ' +
      `30 seconds.</p>${copyAddress}`;
    return vendorPage("Example Domain", page);
  });
}
