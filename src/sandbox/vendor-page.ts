import { Reply } from "./reply.ts";
/** `body` is HTML. What came from outside goes through `escapeHtml`. */
export function vendorPage(title: string, body: string, status = 200): Reply {
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 3rem auto; padding: 0 1rem; color: #1c1c1c }
input, button { font: inherit; padding: .5rem .8rem; margin: .25rem 0; width: 100%; box-sizing: border-box }
.note { color: #666; font-size: 14px } .wrong { color: #a00 }
</style></head>
<body>${body}</body>
</html>`;
  return new Reply(html, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** On a phone the address is hard to copy. */
export const copyAddress = `<button onclick="navigator.clipboard.writeText(location.href).then(() => { this.textContent = 'Copied' })">Copy the address</button>`;

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
