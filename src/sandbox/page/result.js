const SLOW_MS = 400;

const result = document.querySelector("#result");
let count = 0;

/** It stays until the next one, and nothing on the page moves. */
export function showResult(words, { error = false } = {}) {
  count += 1;
  result.dataset.count = String(count);
  result.classList.toggle("error", error);
  result.replaceChildren(words);
  result.scrollTop = 0;
}

/** Shows the sentence that `task` resolves to; false if it failed. */
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
