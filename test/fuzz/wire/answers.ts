/** What came back over a connection. */
export interface Answer {
  status: number;
  headers: [name: string, value: string][];
  body: Buffer;
  /** Whether all of it came. */
  isWhole: boolean;
}

export interface Answers {
  answers: Answer[];
  /** What is no answer. */
  rest: Buffer;
}

/**
 * Takes apart what a server wrote. Informational answers are left out.
 * @param isHead whether the first of them answers a HEAD: it has no body, whatever its headers say
 * @param isClosed whether nothing more will come: what has no length ends there
 */
export function answersIn(bytes: Buffer, isHead: boolean, isClosed: boolean): Answers {
  const answers: Answer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    const [statusLine = "", ...lines] = rest.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
    const [, status] = /^HTTP\/1\.1 (\d{3})(?: .*)?$/.exec(statusLine) ?? [];
    if (status === undefined) break;
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const after = rest.subarray(end + 4);
    if (status.startsWith("1")) {
      rest = after;
      continue;
    }
    const hasBody = !(isHead && answers.length === 0) && status !== "204" && status !== "304";
    const { body, length, isWhole } = hasBody
      ? bodyIn(after, new Map(headers), isClosed)
      : { body: Buffer.alloc(0), length: 0, isWhole: true };
    answers.push({ status: Number(status), headers, body, isWhole });
    rest = after.subarray(length);
    if (!isWhole) break;
  }
  return { answers, rest };
}

function bodyIn(
  bytes: Buffer,
  headers: ReadonlyMap<string, string>,
  isClosed: boolean,
): { body: Buffer; length: number; isWhole: boolean } {
  if (headers.get("transfer-encoding") === "chunked") return chunksIn(bytes);
  const announced = headers.get("content-length");
  const length = announced === undefined ? bytes.length : Number(announced);
  const isWhole = announced === undefined ? isClosed : bytes.length >= length;
  return { body: bytes.subarray(0, length), length, isWhole };
}

function chunksIn(bytes: Buffer): { body: Buffer; length: number; isWhole: boolean } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    const end = lineEnd + 2 + size;
    if (Number.isNaN(size) || bytes.length < end + 2) {
      return { body: Buffer.concat(chunks), length: bytes.length, isWhole: false };
    }
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
    if (size === 0) return { body: Buffer.concat(chunks), length: at, isWhole: true };
  }
}
