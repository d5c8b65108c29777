/** What was probably meant: ` (did you mean cards?)`, or nothing when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

/** The known word that is fewest edits away; undefined when more than a third of it would have to change. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((one) => ({ one, edits: editsBetween(word.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, edits }) => edits <= Math.max(word.length, one.length) / 3)
    .sort((a, b) => a.edits - b.edits);
  return best?.one;
}

/** Letters to add, drop, change or swap with a neighbor until one word is the other. */
function editsBetween(from: string, to: string): number {
  const width = to.length + 1;
  let [before, last] = [[] as number[], Array.from({ length: width }, (_, at) => at)];
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let at = 1; at < width; at++) {
      const isSame = from[row - 1] === to[at - 1];
      const change = (last[at - 1] ?? 0) + (isSame ? 0 : 1);
      const swapped = row > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      const swap = swapped ? (before[at - 2] ?? 0) + 1 : change;
      next.push(Math.min((last[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1, change, swap));
    }
    [before, last] = [last, next];
  }
  return last[to.length] ?? 0;
}
