import { apiDocument } from "../support/api-document.ts";
import { contract } from "./app.ts";
import { apiKey } from "./requests.ts";
import { secret } from "./stage.ts";
import type { Answer } from "./wire/answers.ts";
import type { Exchange } from "./wire/exchange.ts";
import type { Message } from "./wire/message.ts";

const document = apiDocument(contract);

/** What Node answers by itself to requests without a host, and with expectations of its own: it has no body. */
const ofNode = [400, 417];

/** What must never be in an answer. */
const secrets = [secret, apiKey, "root:x:0:0:"];

/** What is wrong with what a message got; undefined when nothing is. */
export async function problemOf(message: Message, { answers, rest, end }: Exchange): Promise<string | undefined> {
  const [first, ...more] = answers;
  if (first === undefined) {
    const instead = rest.length === 0 ? "" : `, but ${JSON.stringify(rest.toString("latin1", 0, 200))}`;
    return end === "closed" ? `the connection was closed without an answer${instead}` : `no answer${instead}`;
  }
  for (const answer of [first, ...more]) {
    if (!answer.isWhole) return `an answer of ${answer.status} that breaks off`;
    if (answer.status >= 500 && !isDraining(answer)) return `an answer of ${answer.status}: ${answer.body.toString()}`;
    const told = secrets.find((text) => textOf(answer).includes(text));
    if (told !== undefined) return `an answer that tells ${JSON.stringify(told)}`;
  }
  // Of the second one it may be told that it will not come.
  if (more.length === 0 && message.behind.includes("GET /") && !isLast(first)) return "an answer is missing";
  if (rest.length > 0) return `something behind the answer: ${JSON.stringify(rest.toString("latin1", 0, 200))}`;
  if (ofNode.includes(first.status) && first.body.length === 0) return undefined;
  // HTTP's own, for whoever asks for it.
  if (first.status === 304 && message.headers.some(([name]) => name === "if-none-match")) return undefined;
  try {
    const path = message.target.replace(/^[a-z]+:\/\/[^/?]*/i, "");
    await document.holds(
      message.method,
      path.startsWith("/") && !path.startsWith("//") ? path : "/",
      responseOf(first),
    );
    return undefined;
  } catch (error) {
    return `an answer that the API's document does not have: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const isLast = ({ headers }: Answer): boolean =>
  headers.some(([name, value]) => name === "connection" && value === "close");

const textOf = ({ headers, body }: Answer): string => `${headers.flat().join("\n")}\n${body.toString("latin1")}`;

/** What requests to drain bring about, for the moment until that drain is ended. */
const isDraining = ({ status, body }: Answer): boolean =>
  status === 503 && /"draining"|takes no more runs/.test(body.toString());

function responseOf({ status, headers, body }: Answer): Response {
  const hasBody = ![204, 205, 304].includes(status);
  return new Response(hasBody ? new Uint8Array(body) : null, { status, headers });
}
