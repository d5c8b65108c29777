import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { expect, it } from "vitest";
import { aligned, createOutput } from "../../cli/output.ts";

function stream(isTTY: boolean) {
  const written = new PassThrough();
  const terminal = Object.assign(written, { isTTY, hasColors: () => isTTY }) as unknown as WriteStream;
  return { terminal, text: () => String(written.read() ?? "") };
}

const document = { app_id: "cards" };

it("shows people lines on a terminal", () => {
  const stdout = stream(true);
  const output = createOutput(stdout.terminal, stream(true).terminal, false);
  output.result(document, () =>
    aligned([
      ["app", "cards"],
      ["endpoint", "https://x"],
    ]),
  );
  expect(stdout.text()).toBe("app       cards\nendpoint  https://x\n");
});

it("gives programs the document, in a pipe and with --json, and makes no lines for nobody", () => {
  for (const [isTTY, json] of [
    [false, false],
    [true, true],
  ] as const) {
    const stdout = stream(isTTY);
    createOutput(stdout.terminal, stream(false).terminal, json).result(document, () => {
      throw new Error("nobody reads this");
    });
    expect(stdout.text()).toBe('{\n  "app_id": "cards"\n}\n');
  }
});

it("keeps the line of what is going on below what else is said, and takes it away", () => {
  const stderr = stream(true);
  const output = createOutput(stream(true).terminal, stderr.terminal, false);
  output.status("running");
  output.note("a warning");
  output.status(undefined);
  const erase = "\r\u001b[2K";
  expect(stderr.text()).toBe(`running${erase}a warning\nrunning${erase}`);
});

it("passes whole lines on while something is going on, and the rest at its end", () => {
  const stderr = stream(true);
  const output = createOutput(stream(true).terminal, stderr.terminal, false);
  output.status("deploying");
  output.pass("one\ntw");
  output.pass("o\nthree");
  output.status(undefined);
  const erase = "\r\u001b[2K";
  expect(stderr.text()).toBe(`deploying${erase}one\ndeploying${erase}two\ndeploying${erase}three\n`);
});

it("shows nobody what is going on where stderr is no terminal", () => {
  const stderr = stream(false);
  const output = createOutput(stream(true).terminal, stderr.terminal, false);
  output.status("running");
  output.note("a warning");
  expect(stderr.text()).toBe("a warning\n");
});
