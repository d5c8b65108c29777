import type { App } from "../../contract/app.ts";
import { UserError } from "../../contract/errors.ts";
import { githubTroubleOf } from "../../providers/image/backend.ts";
import { dockerTroubleOf } from "../../providers/image/docker/docker.ts";
import { findLogin } from "../../providers/image/registry/login.ts";
import { openRegistry } from "../../providers/image/registry/open-registry.ts";
import { connect } from "../../providers/runpod/api/connection.ts";
import { openApp } from "../app.ts";
import type { Context } from "../context.ts";
import { builderCheck, type Check, engineCheck, hubTokensCheck, nodeCheck } from "../doctor/checks.ts";
import { runPodChecks } from "../doctor/runpod-checks.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";
import { aligned, type Output } from "../output.ts";
import { engineHere } from "../stacks/engine.ts";

/** Checks whatever deployments need, for an app when one is named; exit code 1 when something that is needed lacks. */
export async function run(context: Context, spec: string | undefined): Promise<ExitCode> {
  const { env, output } = context;
  const app = spec === undefined ? undefined : openApp(context, spec).app;
  const [engine, dockerTrouble, registry, runPod] = await Promise.all([
    engineHere(env),
    dockerTroubleOf(env),
    registryCheck(context, app),
    runPodChecks(() => connect(undefined), app),
  ]);
  const builder = builderCheck({ dockerTrouble, githubTrouble: githubTroubleOf(env) });
  const machine = [nodeCheck(process.versions.node), engineCheck(engine), builder];
  const checks = [...machine, registry, hubTokensCheck(env), ...runPod];
  const failed = checks.some(({ status }) => status === "fail");
  output.result({ result: failed ? "fail" : "ok", checks }, () => checkLines(output, checks));
  return failed ? exitCodes.failed : exitCodes.done;
}

async function registryCheck({ env }: Context, app: App | undefined): Promise<Check> {
  const name = "registry";
  try {
    const image = app?.build.image_ref;
    if (image === undefined) {
      const login = await findLogin("ghcr.io", { env });
      if (login !== undefined) return { name, status: "ok", detail: `ghcr.io, with ${login.source}` };
      const remedy = "public images need none; for others set GHCR_USERNAME and GHCR_TOKEN, or run docker login";
      return { name, status: "warn", detail: "no login for ghcr.io", remedy };
    }
    const digest = await openRegistry({ env }).digest(image);
    if (digest !== undefined) return { name, status: "ok", detail: `${image} is there` };
    return { name, status: "fail", detail: `${image} is not there`, remedy: 'push it, or change "build.image_ref"' };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [detail = "", ...remedy] = error.message.split("; ");
    return { name, status: "fail", detail, ...(remedy.length > 0 && { remedy: remedy.join("; ") }) };
  }
}

const colors = { ok: "green", warn: "yellow", fail: "red" } as const;

function checkLines(output: Output, checks: readonly Check[]): string[] {
  const rows = aligned(checks.map(({ status, name, detail }) => [status, name, detail]));
  return checks.flatMap(({ status, remedy }, at) => {
    const row = rows[at] ?? "";
    const colored = output.tinted(colors[status], row.slice(0, status.length));
    return [colored + row.slice(status.length), ...(remedy === undefined ? [] : [`      ${remedy}`])];
  });
}
