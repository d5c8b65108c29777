import { type RouteName, routes } from "../../contract/api.ts";
import type { Case } from "./cells.ts";
import { problemOf } from "./oracle.ts";
import type { Stage } from "./stage.ts";
import type { Answer } from "./wire/answers.ts";
import { exchange } from "./wire/exchange.ts";
import { bytesOf, type Message, withIds } from "./wire/message.ts";

/** What became of the requests so far. */
export interface Tally {
  requests: number;
  /** Answers of each status. */
  statuses: Map<number, number>;
  /** Jobs and uploaded files that callers were told of. */
  jobs: Set<string>;
  files: Set<string>;
  /** Runs that were taken and may have brought a file along, whose id no caller is told. */
  formRuns: number;
}

/** What came of a case. */
export interface Outcome {
  /** What was written. */
  sent: Buffer;
  answer: Answer | undefined;
  problem: string | undefined;
  /** Whether the route did what it is there for. */
  isSuccess: boolean;
}

export interface Sender {
  send(one: Case): Promise<Outcome>;
  tally: Tally;
}

const patience = 15;

/** Sends requests to a gateway, and remembers what it is told to have. */
export function createSender(stage: Stage, known: { files: readonly string[]; jobs: readonly string[] }): Sender {
  const tally: Tally = {
    requests: 0,
    statuses: new Map(),
    jobs: new Set(known.jobs),
    files: new Set(known.files),
    formRuns: 0,
  };
  // Half of them stay; the others are the latest.
  const latest = (all: ReadonlySet<string>): string[] => [...[...all].slice(0, 5), ...[...all].slice(-5)];

  return {
    tally,
    send: async ({ route, message: template }) => {
      const message = withIds(template, { JOB: latest(tally.jobs), FILE: latest(tally.files) });
      const result = await exchange(message, stage.port, patience);
      tally.requests += 1;
      const [answer] = result.answers;
      if (answer !== undefined) tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
      remember(tally, message.target, result.answers);
      if (route === "run" && answer !== undefined && answer.status < 300 && isForm(message)) tally.formRuns += 1;
      if (route === "drain") await stage.ask("DELETE", "/admin/drain");
      const problem = await problemOf(message, result);
      return { sent: bytesOf(message), answer, problem, isSuccess: isDeclared(route, answer?.status) };
    },
  };
}

const isForm = ({ headers }: Message): boolean => headers.some(([, value]) => value.startsWith("multipart/form-data"));

const isDeclared = (route: RouteName, status = 0): boolean =>
  status < 400 && Object.hasOwn(routes[route].responses, status);

function remember(tally: Tally, target: string, answers: readonly Answer[]): void {
  for (const { status, headers, body } of answers) {
    const text = body.toString("latin1");
    const ofBytes = headers.find(([name]) => name.toLowerCase() === "x-job-id")?.[1];
    const job = ofBytes ?? /^\{"job_id":"([^"]+)"/.exec(text)?.[1];
    if (job !== undefined) tally.jobs.add(job);
    const [, file] = /^\{"file_id":"([^"]+)"/.exec(text) ?? [];
    if (file !== undefined && status === 201) tally.files.add(file);
    const [id] = /fid_[0-9a-f]{32}/.exec(target) ?? [];
    if (status === 204 && id !== undefined) tally.files.delete(id);
  }
}
