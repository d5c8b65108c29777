import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readTextFile } from "../../cli/files.ts";
import type { FileObject, Health, Job } from "../../contract/api.ts";
import { loadDeployable } from "../../contract/deployable.ts";
import { until } from "../support/until.ts";
import { baseImages, importBaseImages } from "./support/base-images.ts";
import { type Repositories, serveRepositories } from "./support/comfyui-repository.ts";
import { type Docker, startDocker } from "./support/docker.ts";
import { type PodContainer, startPod } from "./support/pod.ts";
import { beforeAllWithTools } from "./support/tools.ts";

const root = join(import.meta.dirname, "../..");
const base = "comfy-endpoints-test/comfybase";
const golden = "comfy-endpoints-test/golden";
const network = "comfy-endpoints-test";
const architecture = join(root, "docs/architecture.md");
const key = "a key of this test";
const demo = loadDeployable(join(root, "apps/demo/app.json"), readTextFile);
const prompt = {
  ...demo.prompt,
  "3": { class_type: "ApiOutput", inputs: { name: "image", type: "image/png", image: ["4", 0] } },
  // Long enough to be watched, and to be interrupted.
  "4": { class_type: "LocalSleep", inputs: { image: ["2", 0], seconds: 3, steps: 6 } },
};
// As test/programs/breaking-models.ts serves it.
const modelSha256 = createHash("sha256")
  .update(Buffer.alloc(24 * 1024 ** 2, "a model "))
  .digest("hex");
const env = {
  COMFY_ENDPOINTS_API_KEY: key,
  COMFY_ENDPOINTS_CONTRACT_JSON: demo.contractJson,
  COMFY_ENDPOINTS_WORKFLOW_JSON: JSON.stringify({ prompt }),
  COMFY_ENDPOINTS_APP_ARTIFACTS_JSON: JSON.stringify([
    {
      kind: "model",
      source_url: "http://models:8000/model.safetensors",
      match: "model.safetensors",
      target_subdir: "checkpoints",
      target_path: "model.safetensors",
      sha256: modelSha256,
    },
  ]),
  RUNPOD_POD_ID: "pod1",
};

let docker: Docker | undefined;
let repositories: Repositories | undefined;
let pod: PodContainer;
let cache: string;
/** The server's container. */
let models = "";
const containers: string[] = [];
/** What /healthz said during the boot. */
const boot: Health[] = [];

const run = (...args: string[]): Promise<string> => {
  if (docker === undefined) throw new Error("no Docker engine");
  return docker.run(...args);
};

beforeAllWithTools(async () => {
  // Mounted volumes belong to root, here as at RunPod.
  cache = mkdtempSync(join(tmpdir(), "comfy-endpoints-cache-"));
  docker = await startDocker();
  await importBaseImages(docker);
  repositories = await serveRepositories();
  const { comfyui, pack } = repositories;
  const argument = (name: string, value: string): string[] => ["--build-arg", `${name}=${value}`];
  await run(
    ...["build", "--network", "host", "--file", join(root, "docker/Dockerfile.comfybase"), "--tag", base],
    ...[...argument("PYTHON_IMAGE", baseImages.python), ...argument("COMFYUI_REPO", comfyui.url)],
    ...[...argument("COMFYUI_REF", comfyui.commit), root],
  );
  await run(
    ...["build", "--network", "host", "--file", join(root, "docker/Dockerfile.golden"), "--tag", golden],
    ...[...argument("BASE_IMAGE", base), ...argument("NODE_IMAGE", baseImages.node)],
    ...[...argument("COMFY_PLUGINS_JSON", JSON.stringify([{ repo: pack.url, ref: pack.commit }])), root],
  );
  await run("network", "create", network);
  const program = `${join(root, "test/programs/breaking-models.ts")}:/models.ts:ro`;
  const server = ["--network", network, "--network-alias", "models", "--volume", program, baseImages.node];
  models = await run("run", "--detach", ...server, "node", "/models.ts");
  containers.push(models);
  await startThePod(docker);
});
afterAll(async () => {
  await repositories?.stop();
  for (const id of containers) await run("rm", "--force", "--volumes", id).catch(() => undefined);
  if (docker !== undefined) await run("network", "rm", network).catch(() => undefined);
  await docker?.stop();
  rmSync(cache, { recursive: true, force: true });
});

const request = (path: string, init: Omit<RequestInit, "headers"> = {}): Promise<Response> =>
  fetch(`${pod.url}${path}`, { ...init, headers: { "x-api-key": key } });
const ready = (): Promise<void> =>
  until(
    "the endpoint is ready",
    async () => {
      const response = await request("/healthz").catch(() => undefined);
      if (response === undefined) return false;
      boot.push((await response.json()) as Health);
      return response.ok;
    },
    60,
  );
const startThePod = async (engine: Docker): Promise<void> => {
  pod = await startPod(engine, golden, { env, cache, network });
  containers.push(pod.id);
  await ready();
};
const start = async (text: string): Promise<string> => {
  const response = await request("/run", { method: "POST", body: JSON.stringify({ prompt: text }) });
  expect(response.status).toBe(202);
  return ((await response.json()) as { job_id: string }).job_id;
};
const job = async (id: string): Promise<Job> => (await (await request(`/jobs/${id}`)).json()) as Job;

describe("the golden image", () => {
  it("brings its model before it is ready, although its server breaks off, and tells how far it is", async () => {
    expect(await run("logs", models)).toBe("broke off");
    const file = "/opt/comfy/models/checkpoints/model.safetensors";
    expect(await pod.exec("sha256sum", file)).toBe(`${modelSha256}  ${file}`);
    const bytes = boot.flatMap((health) => health.models ?? []).map((model) => model.bytes);
    expect(bytes.some((count) => count > 0)).toBe(true);
  });

  it("runs a job through nginx and gives its picture", async () => {
    const id = await start("a lighthouse");
    await until("it is completed", async () => (await job(id)).state === "completed", 30);
    const { output } = await job(id);
    const picture = await request(`/files/${String(output?.result["image"])}/download`);
    expect(picture.headers.get("content-type")).toBe("image/png");
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  });

  it("has ComfyUI write in folders of ours, and nothing beside its code", async () => {
    const files = "/opt/comfy_endpoints/comfyui";
    const found = (await pod.exec("find", files, "-type", "f", "-printf", "%u %P\n")).split("\n").sort();
    // What it comes with is there, too.
    expect(found).toEqual(["comfy input/example.png", expect.stringMatching(/^comfy output\/\S+\.png$/)]);
    expect(await pod.exec("find", "/opt/comfy/output", "/opt/comfy/temp", "-type", "f")).toBe("");
  });

  it("tells of a job while it happens", async () => {
    const id = await start("a harbor");
    const response = await request(`/jobs/${id}/events`);
    let seen = "";
    for await (const chunk of response.body ?? []) {
      seen += Buffer.from(chunk as Uint8Array).toString();
      if (seen.includes("event: progress")) break;
    }
    expect((await job(id)).state).toBe("running");
    await request(`/jobs/${id}/cancel`, { method: "POST" });
  });

  it("takes a file and gives it back, whole", async () => {
    const bytes = randomBytes(20 * 1024 ** 2);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const upload = await request("/files", { method: "POST", body: bytes });
    expect(upload.status).toBe(201);
    const file = (await upload.json()) as FileObject;
    expect(file).toMatchObject({ size_bytes: bytes.length, sha256 });
    const back = await (await request(file.download_path)).arrayBuffer();
    expect(createHash("sha256").update(Buffer.from(back)).digest("hex")).toBe(sha256);
  });

  it("shows nothing of ComfyUI, and nothing that the API does not list", async () => {
    for (const path of [
      "/prompt",
      "/ws",
      "/history",
      "/system_stats",
      "/object_info",
      "/run/",
      "//run",
      "/%2e%2e/prompt",
    ]) {
      const response = await request(path);
      expect([path, response.status, await response.json()]).toEqual([path, 404, { error: "not_found" }]);
    }
    const response = await request("/run", { method: "DELETE" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await fetch(`${pod.url}/contract`)).status).toBe(401);
  });

  it("publishes nothing but 8080, and listens nowhere else", async () => {
    expect(JSON.parse(await run("inspect", "--format", "{{json .Config.ExposedPorts}}", golden))).toEqual({
      "8080/tcp": {},
    });
    const address = await pod.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    expect(await reaches(address, 8080)).toBe(true);
    expect(await reaches(address, 3000)).toBe(false);
    expect(await reaches(address, 8188)).toBe(false);
  });

  it("runs nothing as root but what hands on signals", async () => {
    const rows = (await run("top", pod.id, "-eo", "pid,uid,args")).split("\n").slice(1);
    const programs = rows.map((row) => row.trim().split(/\s+/).slice(1, 3));
    const ofUser = (id: string) => programs.flatMap(([uid, program]) => (uid === id ? [program] : []));
    expect(ofUser("0")).toEqual(["tini"]);
    expect(ofUser("1000")).toEqual(expect.arrayContaining(["nginx:", "node"]));
  });

  it("has nginx back when that was killed", async () => {
    const id = "/tmp/nginx/nginx.pid";
    const former = await pod.exec("cat", id);
    await pod.exec("sh", "-c", `kill -s KILL $(cat ${id})`);
    await until("another one answers", async () => {
      const answers = await request("/healthz").then(
        ({ ok }) => ok,
        () => false,
      );
      return answers && (await pod.exec("cat", id)) !== former;
    });
  });

  it("says that it is healthy", async () => {
    const test = JSON.parse(await run("inspect", "--format", "{{json .Config.Healthcheck.Test}}", golden)) as string[];
    expect(test[0]).toBe("CMD");
    await pod.exec(...test.slice(1));
  });

  it("has its node packs at their commits, with what they need", async () => {
    const { pack } = repositories ?? {};
    const folder = "/opt/comfy/custom_nodes/Pack";
    expect(await pod.exec("git", "-c", `safe.directory=${folder}`, "-C", folder, "rev-parse", "HEAD")).toBe(
      pack?.commit,
    );
    await pod.exec("python3", "-c", "import iniconfig");
    await pod.exec("test", "-f", "/opt/comfy/custom_nodes/comfy_endpoints/__init__.py");
  });

  it("adds to its base what the docs say: the gateway with its packages, and Node", async () => {
    const history = await run("history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", golden);
    const sizeOf = (target: string): number =>
      Number(new RegExp(`^(\\d+) .*in ${target}\\s*$`, "m").exec(history)?.[1] ?? Number.NaN) / 1024 ** 2;
    const [gateway, node] = [sizeOf("/opt/comfy_endpoints"), sizeOf("/usr/local/bin/node")];
    console.log(`gateway layer: ${gateway.toFixed(1)} MiB, Node: ${node.toFixed(1)} MiB`);
    const told = /adds (\d+) MiB for the gateway .* (\d+) MiB for Node/.exec(readTextFile(architecture) ?? "");
    expect(Math.abs(gateway - Number(told?.[1]))).toBeLessThan(1);
    expect(Math.abs(node - Number(told?.[2]))).toBeLessThan(1);
  });

  it("is built of the package that npm run build makes, as well", { timeout: 300_000 }, async () => {
    const build = [join(root, "scripts/build.ts"), join(cache, "package")];
    const { status, stdout } = spawnSync(process.execPath, build, { encoding: "utf8" });
    expect(status, stdout).toBe(0);
    const file = ["--file", join(cache, "package/docker/Dockerfile.golden"), "--target", "gateway"];
    // It loads the whole gateway.
    await run("build", ...file, "--build-arg", `NODE_IMAGE=${baseImages.node}`, join(cache, "package"));
  });

  it("ends by itself on SIGTERM with a job under way, and the next container runs that job", async () => {
    await pod.exec("sh", "-c", "mkdir -p /cache/brought/deep && touch /cache/models/brought");
    const id = await start("a storm");
    await until("it runs", async () => (await job(id)).state === "running");
    // A spot pod has 5 seconds; then comes SIGKILL, and exit code 137.
    await run("stop", "--time", "5", pod.id);
    expect(await pod.inspect("{{.State.ExitCode}}")).toBe("0");
    if (docker !== undefined) await startThePod(docker);
    await until("it is completed", async () => (await job(id)).state === "completed", 30);
    // The volume has the model.
    expect(await run("logs", models)).toBe("broke off");
  });

  it("takes over what was brought to the volume meanwhile, and does not walk through what it had", async () => {
    expect(await pod.exec("stat", "--format", "%U", "/cache/brought/deep")).toBe("comfy");
    expect(await pod.exec("stat", "--format", "%U", "/cache/models/brought")).toBe("root");
  });
});

function reaches(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: 2000 });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("timeout", () => resolve(false));
  }).then((reached) => {
    socket.destroy();
    return reached as boolean;
  });
}
