import { expect, it } from "vitest";
import { NotFoundError, TimedOutError, UnauthorizedError, UsageError } from "../../cli/errors.ts";
import { exitCodeFor } from "../../cli/exit-code.ts";
import { HttpError } from "../../cli/http/http-error.ts";
import { UserError } from "../../contract/errors.ts";
import { RunPodError } from "../../providers/runpod/api/errors.ts";

it.each([
  [new UserError("a deployment failed"), 1],
  [new HttpError("no answer", {}), 1],
  [new HttpError("a fault of the endpoint's", { status: 500 }), 1],
  [new UsageError("wrong flag"), 2],
  [new NotFoundError("not deployed"), 3],
  [new HttpError("an input that only the endpoint can check", { status: 400 }), 2],
  [new HttpError("no such job", { status: 404 }), 3],
  [new HttpError("wrong key", { status: 401 }), 4],
  [new HttpError("a key for something else", { status: 403 }), 4],
  [new UnauthorizedError("no key"), 4],
  [new RunPodError("auth", "no key"), 4],
  [new RunPodError("capacity", "no GPU"), 1],
  [new TimedOutError("still running"), 5],
])("%s ends the command line with %i", (error, code) => {
  expect(exitCodeFor(error)).toBe(code);
});
