/** Results come in the order of `all`. After an error nothing else begins, and it is thrown when what is under way has ended. */
export async function inParallel<T, R>(all: readonly T[], atOnce: number, work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const errors: unknown[] = [];
  const left = all.entries();
  const worker = async () => {
    for (const [index, each] of left) {
      if (errors.length > 0) return;
      try {
        results[index] = await work(each);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
