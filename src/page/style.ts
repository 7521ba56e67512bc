/** Light and dark as Telegram or the browser wants it; in one column from 320 pixels on. */
export const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#17212b, #f2f4f6); --quiet: light-dark(#566270, #a3b0bd);
  --ground: light-dark(#f1f3f5, #17212b); --card: light-dark(#fff, #202c38); --line: light-dark(#75828f, #7b8b9b);
  --accent: light-dark(#0b6bb5, #64b5f6); --on-accent: light-dark(#fff, #0d1620); --problem: light-dark(#b3261e, #ffb4ab); }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { display: flex; flex-direction: column; gap: 1rem; max-width: 30rem; margin: 0 auto; padding: 1rem 1rem 3rem; }
h1 { margin: 0; font-size: 1.4rem; line-height: 1.25; }
h2 { margin: 0; font-size: 1.1rem; line-height: 1.3; }
p, ol { margin: 0; }
ol { display: flex; flex-direction: column; gap: .9rem; padding-left: 1.3rem; }
[hidden] { display: none !important; }
#answer { position: sticky; top: 0; overflow-wrap: anywhere; }
#answer:empty { margin-top: -1rem; }
#answer:not(:empty) { margin: -.5rem 0; padding: .5rem 0; background: var(--ground); }
#person { margin-top: -1rem; }
#answer.problem { color: var(--problem); font-weight: 600; }
.step, form, .way { display: flex; flex-direction: column; gap: .75rem; }
.step { gap: 1rem; }
.way, .card { padding: 1rem; border-radius: .9rem; background: var(--card); }
.quiet { color: var(--quiet); }
label { display: block; font-weight: 600; }
input { width: 100%; min-height: 2.9rem; margin-top: .25rem; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--ground); color: inherit; font: inherit; font-weight: 400; }
input[aria-invalid="true"] { border: 2px solid var(--problem); }
button, .button { display: block; width: 100%; min-height: 2.9rem; padding: .6rem 1rem; border: 1px solid var(--accent); border-radius: .6rem;
  background: none; color: var(--accent); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
.main { background: var(--accent); color: var(--on-accent); }
ol .button, ol svg, ol form { margin-top: .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1:focus { outline: none; }
main[aria-busy="true"] button { opacity: .55; cursor: progress; }
.picture { display: block; width: 100%; height: auto; font-family: system-ui, sans-serif; }
.picture .window { fill: var(--ground); stroke: var(--line); }
.picture .line { stroke: var(--line); }
.picture .dot { fill: var(--line); }
.picture .marked { fill: var(--card); stroke: var(--accent); stroke-width: 2.5; }
.picture .address { fill: var(--ink); font-size: 11px; }
.picture .ticket { font-weight: 700; }
.picture .arrow { fill: none; stroke: var(--accent); stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; }
.picture .hint { fill: var(--accent); font-size: 13px; font-weight: 700; }
.picture .error { fill: var(--ink); font-size: 17px; font-weight: 700; }
.picture .rest { fill: var(--ink); font-size: 13px; }
`;
