/** Whether a text gives this secret away. A code of digits is given away as a number of its own, not as a part of some instant or id. */
export function holdsSecret(text: string, secret: string): boolean {
  return /^\d+$/.test(secret) ? new RegExp(`(?<!\\d)${secret}(?!\\d)`).test(text) : text.includes(secret);
}
