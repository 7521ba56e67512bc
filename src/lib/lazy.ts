/** Made at the first call, and kept. Making all schemas takes a cold function 15 ms, and an update needs a few. */
export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
