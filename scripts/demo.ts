/** `npm run demo`: deploys apps/demo to a RunPod on this machine, asks it for a picture, and takes everything down again. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createDeployment, type Deployment, openDeployment } from "../cli/stacks/deployment.ts";
import { openProject } from "../cli/stacks/project.ts";
import { UserError } from "../contract/errors.ts";
import { type LocalRunPod, startLocalRunPod, stopLocalRunPod } from "./demo/local-runpod.ts";
import { requestPicture } from "./demo/picture.ts";
import { engine, engineEnv } from "./engine/index.js";

const root = join(import.meta.dirname, "..");
const appFile = join(root, "apps/demo/app.json");
const prompt = "a lighthouse in heavy fog";
const stack = "demo";

/** Where `--keep` leaves the endpoint's state, for `--down` and for calls with cend. */
const keptFolder = join(root, ".comfy_endpoints/demo");
const keptFile = join(keptFolder, "local-runpod.json");
const keptEnvFile = join(keptFolder, "local-runpod.env");

const interruption = new AbortController();

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: "boolean" }, down: { type: "boolean" } } });
  listenForInterruption();
  try {
    if (values.down) await takeDown();
    else await demonstrate(values.keep ?? false);
    return 0;
  } catch (error) {
    if (interruption.signal.aborted) {
      say("Interrupted; nothing is left behind.");
      return 130;
    }
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
}

async function demonstrate(keep: boolean): Promise<void> {
  if (existsSync(keptFile)) {
    throw new UserError("an endpoint of an earlier demo is still running; take it down with: npm run demo -- --down");
  }
  const folder = keep ? keptFolder : mkdtempSync(join(tmpdir(), "comfy-endpoints-demo-"));
  let runPod: LocalRunPod | undefined;
  let left = false;
  try {
    step("Starting a RunPod on this machine");
    runPod = await startLocalRunPod(folder, keep);
    say(`  ${runPod.url}/local shows its pods`);
    interruption.signal.throwIfAborted();
    const deployment = await deploy(folder, runPod.env);
    try {
      await showOff(deployment);
      if (keep) await leaveRunning(deployment, runPod);
      left = keep;
    } finally {
      if (!left) await destroy(deployment);
    }
  } finally {
    if (!left) {
      if (runPod !== undefined) await stopLocalRunPod(runPod.pid);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function deploy(folder: string, env: Record<string, string>): Promise<Deployment> {
  const deployment = await createDeployment(await project(folder, env), stack);
  await deployment.configure({ app: appFile });
  return deployment;
}

async function showOff(deployment: Deployment): Promise<void> {
  const { signal } = interruption;
  step(`pulumi up: ${relative(root, appFile)}`);
  const { outputs } = await deployment.up({ onOutput: indented, signal });
  say(`  endpoint  ${outputs.endpointUrl}`);
  say(`  GPU       ${outputs.gpuType} in ${outputs.dataCenter}, ${outputs.costPerHour.toFixed(2)} USD per hour`);

  step(`POST /run {"prompt": "${prompt}"} with the header x-api-key`);
  const folder = join(root, "demo-output");
  const picture = await requestPicture(outputs.endpointUrl, outputs.apiKey, prompt, folder, signal);
  say(`  ${relative(root, picture.path)}, ${picture.bytes} bytes, after ${picture.milliseconds} ms`);

  step("pulumi up again: nothing to change");
  const { changes } = await deployment.up({ onOutput: indented, signal });
  const { same = 0, ...others } = changes;
  if (Object.values(others).some((count) => count > 0)) {
    throw new UserError(`a second pulumi up changed something: ${JSON.stringify(others)}`);
  }
  say(`  ${same} resources, all unchanged`);
}

async function destroy(deployment: Deployment): Promise<void> {
  step("pulumi destroy");
  await deployment.destroy({ onOutput: indented });
  say("  no pod is left");
}

async function leaveRunning(deployment: Deployment, runPod: LocalRunPod): Promise<void> {
  const { endpointUrl, apiKey } = await deployment.outputs();
  writeFileSync(keptFile, JSON.stringify(runPod));
  const lines = Object.entries(demoEnv(keptFolder, runPod.env)).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(keptEnvFile, lines.join(""));
  const cend = `COMFY_ENDPOINTS_ENV_FILE=${relative(root, keptEnvFile)} ./cend --state-dir ${relative(root, keptFolder)}`;
  step("The endpoint goes on running. Call it:");
  say(`
  curl -s ${endpointUrl}/run -H 'x-api-key: ${apiKey}' \\
    -H 'content-type: application/json' -d '{"prompt": "${prompt}"}'
  curl -s ${endpointUrl}/jobs/<job_id> -H 'x-api-key: ${apiKey}'

  ${cend} invoke demo --input-prompt "${prompt}" --wait --out demo-output

Or open its playground in a browser:

  ${endpointUrl}/

Take it down:

  npm run demo -- --down
`);
}

async function takeDown(): Promise<void> {
  if (!existsSync(keptFile)) throw new UserError("no demo is running; start one with: npm run demo -- --keep");
  const { url, pid, env } = JSON.parse(readFileSync(keptFile, "utf8")) as LocalRunPod;
  const deployment = await openDeployment(await project(keptFolder, env), stack);
  if (deployment !== undefined && (await answers(url))) await destroy(deployment);
  await stopLocalRunPod(pid);
  rmSync(keptFolder, { recursive: true, force: true });
}

async function project(stateDir: string, localRunPod: Record<string, string>) {
  mkdirSync(stateDir, { recursive: true });
  const found = await engine({ onProgress: (line: string) => process.stderr.write(`${line}\n`) });
  const env = engineEnv(found, { ...process.env, ...demoEnv(stateDir, localRunPod) });
  return openProject({ stateDir, env, engine: { pulumi: found.pulumi, env } });
}

/** Keeps the demo's state in its own folder, whatever Pulumi account somebody is logged in to. */
function demoEnv(stateDir: string, localRunPod: Record<string, string>): Record<string, string> {
  const backend = join(stateDir, "backend");
  mkdirSync(backend, { recursive: true });
  return { ...localRunPod, PULUMI_BACKEND_URL: pathToFileURL(backend).href, PULUMI_HOME: join(stateDir, "home") };
}

/** A local RunPod that was ended by hand has taken its pods along. */
async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/local`).then(
    () => true,
    () => false,
  );
}

/** npm and the terminal may both deliver one Ctrl-C; what comes at once counts as one. */
function listenForInterruption(): void {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (interruption.signal.aborted) return;
      say("\nInterrupted: taking down what was started …");
      interruption.abort();
    });
  }
}

function step(title: string): void {
  say(`\n▸ ${title}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function indented(output: string): void {
  process.stdout.write(output.replace(/^(?=.)/gm, "  "));
}
