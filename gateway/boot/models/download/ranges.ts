/** Bytes `from` up to, but without, `to`. */
export interface Range {
  from: number;
  to: number;
}

/** Ranges with another one added: in order, apart from each other. */
export function addRange(ranges: readonly Range[], added: Range): Range[] {
  if (added.from >= added.to) return [...ranges];
  const before = ranges.filter(({ to }) => to < added.from);
  const after = ranges.filter(({ from }) => from > added.to);
  const touching = ranges.slice(before.length, ranges.length - after.length);
  const merged = {
    from: Math.min(added.from, ...touching.map(({ from }) => from)),
    to: Math.max(added.to, ...touching.map(({ to }) => to)),
  };
  return [...before, merged, ...after];
}

/** What lacks to all of `size` bytes, in pieces of at most `pieceBytes`. */
export function missingPieces(ranges: readonly Range[], size: number, pieceBytes: number): Range[] {
  const starts = [0, ...ranges.map(({ to }) => to)];
  const ends = [...ranges.map(({ from }) => from), size];
  return starts.flatMap((start, at) => {
    const pieces: Range[] = [];
    const end = ends[at] ?? size;
    for (let from = start; from < end; from += pieceBytes) pieces.push({ from, to: Math.min(end, from + pieceBytes) });
    return pieces;
  });
}

export const totalBytes = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** How far the file is whole from its beginning. */
export const wholeUntil = (ranges: readonly Range[]): number => (ranges[0]?.from === 0 ? ranges[0].to : 0);
