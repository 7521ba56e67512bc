/** Shorter waits are not worth a word. */
const SLOW_MS = 400;

const result = document.querySelector("#result");
let count = 0;

/** It stays until the next one comes, in a place of its own: nothing moves. */
export function showResult(words, { error = false } = {}) {
  count += 1;
  result.dataset.count = String(count);
  result.classList.toggle("error", error);
  result.replaceChildren(words);
  result.scrollTop = 0;
}

/** Does something at the demo and shows the sentence it answers with; false if that failed. */
export async function run(task) {
  const slow = setTimeout(() => result.replaceChildren("One moment…"), SLOW_MS);
  try {
    const words = await task();
    clearTimeout(slow);
    showResult(words);
    return true;
  } catch (error) {
    clearTimeout(slow);
    showResult(error.message, { error: true });
    return false;
  }
}
