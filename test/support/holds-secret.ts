/** Whether a text contains this secret. A code of digits counts as a whole number only, not as a part of a time or an id. */
export function holdsSecret(text: string, secret: string): boolean {
  return /^\d+$/.test(secret) ? new RegExp(`(?<!\\d)${secret}(?!\\d)`).test(text) : text.includes(secret);
}
