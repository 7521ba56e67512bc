/** The fields that have a value. With `exactOptionalPropertyTypes`, an undefined field isn't an absent one. */
export function present<T>(fields: { [Name in keyof T]?: T[Name] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
