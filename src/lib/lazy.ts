/**
 * Made at the first call, and kept. For schemas: making them all takes a cold function a tenth of its start, and an update needs
 * a few.
 */
export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
