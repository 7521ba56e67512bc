/** Runs in the browser. It is sent as text, so it uses nothing from outside itself. */
export function runSignInPage(): void;
