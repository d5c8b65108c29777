import { connect } from "node:net";
import { type Answers, answersIn } from "./answers.ts";
import { type Message, send } from "./message.ts";

/** What a connection gave. */
export interface Exchange extends Answers {
  /** `answered`: all that was asked for came; `closed`: the other side closed before; `waiting`: it did neither. */
  end: "answered" | "closed" | "waiting";
}

/** Sends a message over a connection of its own; ends when as many answers are there as it asks for, or none will come. */
export async function exchange(message: Message, port: number, seconds: number): Promise<Exchange> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let bytes = Buffer.alloc(0);
  const wanted = message.behind.includes("GET /") ? 2 : 1;
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const look = (end: Exchange["end"]): void => {
    const found = answersIn(bytes, message.method === "HEAD" && message.instead === undefined, end === "closed");
    const isAnswered = found.answers.filter(({ isWhole }) => isWhole).length >= wanted;
    if (isAnswered || end !== "answered") resolve({ ...found, end: isAnswered ? "answered" : end });
  };
  socket.on("data", (data) => {
    bytes = Buffer.concat([bytes, data]);
    look("answered");
  });
  // What came before it, or in its place, is looked at when the connection is closed.
  socket.on("error", () => undefined);
  socket.on("end", () => look("closed"));
  socket.on("close", () => look("closed"));
  const timer = setTimeout(() => look("waiting"), seconds * 1000);
  const sent = send(message, socket, () => bytes.length > 0);
  const result = await promise;
  clearTimeout(timer);
  socket.destroy();
  await sent;
  return result;
}
