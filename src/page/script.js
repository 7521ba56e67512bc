/** Runs in the browser. It is sent as text, so it uses nothing from outside itself. `answers.ts` says what it gets to show. */
export function runSignInPage() {
  const find = (selector) => document.querySelector(selector);
  const main = find("main");
  const answer = find("#answer");
  const said = main.dataset;
  const OPENING_PAUSE_MS = 2000;

  // Telegram puts what it signed behind the `#`. It leaves the address before anything else happens.
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  const initData = fragment.get("tgWebAppData");
  let session;
  let client;
  let profileId;
  let isBusy = false;

  /** To Telegram's app, or the page of Telegram that shows this one. False if it's neither. */
  function tell(eventType, eventData = {}) {
    const proxy = window.TelegramWebviewProxy;
    if (proxy) proxy.postEvent(eventType, JSON.stringify(eventData));
    else if (window.parent !== window)
      window.parent.postMessage(JSON.stringify({ eventType, eventData }), "https://web.telegram.org");
    else return false;
    return true;
  }

  function useTheme() {
    let colour;
    try {
      colour = JSON.parse(fragment.get("tgWebAppThemeParams") ?? "{}").bg_color;
    } catch {
      // Telegram's colours are a nicety: without them, the browser's own setting counts.
    }
    if (!/^#[0-9a-f]{6}$/i.test(colour ?? "")) return;
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    const isDark = red * 0.3 + green * 0.6 + blue * 0.1 < 128;
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  }

  function say(text, isProblem = false) {
    answer.textContent = text;
    answer.classList.toggle("problem", isProblem);
  }

  function show(step) {
    for (const part of document.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== step;
  }

  async function ask(fields, authorization) {
    const response = await fetch(location.pathname, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify(fields),
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    if (response.status === 401) return { step: "over", text: said.over, isProblem: true };
    if (response.status === 403) return { step: "over", text: said.notserved, isProblem: true };
    return response.json();
  }

  function take(next) {
    session = next.session ?? session;
    client = next.client ?? client;
    profileId = next.profileId ?? profileId;
    if (next.step) show(next.step);
    if (next.isPasswordPointless) find("#with-password").hidden = true;
    if (next.garminPage) find("#garmin-page").href = next.garminPage;
    if (next.canSendNewCode !== undefined) find('[data-act="new_code"]').hidden = !next.canSendNewCode;
    if (next.person) {
      find("#person").textContent = next.person;
      find("#person").hidden = false;
    }
    if (next.email) find('[name="email"]').value = next.email;
    say(next.text, next.isProblem);
  }

  /** What was typed goes with the answer to it; without one it stays. */
  async function send(act, form) {
    if (isBusy) return;
    isBusy = true;
    main.setAttribute("aria-busy", "true");
    say(said.opening);
    const fields = form ? Object.fromEntries(new FormData(form)) : {};
    try {
      const next = await ask({ act, ...fields, client, profileId }, `Bearer ${session}`);
      take(next);
      if (!next.isBusy) finish(form, next);
    } catch {
      say(said.noanswer, true);
    } finally {
      isBusy = false;
      main.removeAttribute("aria-busy");
    }
  }

  function finish(form, { isProblem = false }) {
    for (const input of document.querySelectorAll("input")) input.removeAttribute("aria-invalid");
    for (const input of document.querySelectorAll("input:not([name=email])")) input.value = "";
    const typed = form?.querySelector("input:not([name=email])");
    if (isProblem && typed?.checkVisibility?.()) {
      typed.setAttribute("aria-invalid", "true");
      typed.setAttribute("aria-describedby", "answer");
      typed.focus();
      return;
    }
    const step = find("[data-step]:not([hidden])");
    (step?.dataset.step === "ways" ? find("h1") : (step?.querySelector("input, button") ?? find("h1"))).focus();
  }

  async function open() {
    say(said.opening);
    if (!initData) return say(said.outside, true);
    try {
      let next = await ask({ act: "open" }, `tma ${initData}`);
      while (next.isBusy) {
        say(next.text);
        await new Promise((resolve) => setTimeout(resolve, OPENING_PAUSE_MS));
        next = await ask({ act: "open" }, `tma ${initData}`);
      }
      take(next);
    } catch {
      say(said.noanswer, true);
    }
  }

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target.dataset.act, event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (button) send(button.dataset.act);
  });
  find("#start-over").addEventListener("click", () => {
    show("ways");
    say("");
    find("h1").focus();
  });
  find("#close").addEventListener("click", () => tell("web_app_close") || window.close());
  // In the browser instead of inside Telegram, which doesn't let anybody copy an address.
  find("#garmin-page").addEventListener("click", (event) => {
    if (window.TelegramWebviewProxy && tell("web_app_open_link", { url: event.currentTarget.href }))
      event.preventDefault();
  });

  useTheme();
  tell("web_app_ready");
  tell("web_app_expand");
  open();
}
