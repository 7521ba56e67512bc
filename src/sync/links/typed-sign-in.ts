export const EMAIL = /^(?=.{0,254}$)\S+@\S+\.\S+$/;
/** Six digits as far as seen, but Garmin promises no length. */
export const CODE = /^(?=.*\d)\w{4,12}$/;

/** People write words around it, and spaces into it. */
export const codeIn = (text: string) =>
  text
    .split(/\s+/)
    .filter((part) => /\d/.test(part))
    .join("")
    .replace(/[.,!]+$/, "");
