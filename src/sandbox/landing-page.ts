import { type Served, serve } from "./serve.ts";
import { copyAddress, vendorPage } from "./vendor-page.ts";

/** What people without a public address register as their callback: a page that ignores the code in its address. */
export function startLandingPage(): Promise<Served> {
  return serve(() => {
    const page =
      "<h1>Example Domain</h1><p>This domain is for use in documentation examples.</p>" +
      '<hr><p class="note">Below this line is the sandbox: copy the address of this page and send it to the bot, within ' +
      `30 seconds.</p>${copyAddress}`;
    return vendorPage("Example Domain", page);
  });
}
