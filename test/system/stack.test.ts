import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { freePorts } from "../../local/host/free-ports.ts";
import { composeCommand } from "../../scripts/stack/containers.ts";
import { baseImages, buildNginxImage, importBaseImages } from "./support/base-images.ts";
import { type Docker, startDocker } from "./support/docker.ts";
import { beforeAllWithTools } from "./support/tools.ts";

const script = join(import.meta.dirname, "../../scripts/smoke_test_local_stack.sh");
const has = (program: string): Promise<boolean> =>
  promisify(execFile)("which", [program]).then(
    () => true,
    () => false,
  );

/** @param env besides what the shell needs */
async function smoke(env: NodeJS.ProcessEnv): Promise<string> {
  const [port = 0] = await freePorts(1);
  const all = { ...process.env, ...env, COMFY_ENDPOINTS_PUBLIC_PORT: String(port) };
  return (await promisify(execFile)(script, [], { env: all, timeout: 600_000 })).stdout;
}

describe("the local stack", { timeout: 600_000 }, () => {
  it("runs a job as processes where there is no Docker", async (context) => {
    if (!(await has("nginx"))) context.skip("nginx is missing");
    const output = await smoke({ DOCKER_HOST: "unix:///nobody/listens/here" });
    expect(output).toContain("as processes");
    expect(output).toContain("▸ All of it works");
  });

  describe("in containers", () => {
    let docker: Docker;
    beforeAllWithTools(async () => {
      docker = await startDocker();
      await importBaseImages(docker);
    });
    afterAll(() => (docker as Docker | undefined)?.stop());

    it("runs a job, and leaves nothing behind", async (context) => {
      if (composeCommand(docker.env) === undefined) context.skip("Docker's compose is missing");
      const output = await smoke({
        ...docker.env,
        COMFY_ENDPOINTS_NODE_IMAGE: baseImages.node,
        COMFY_ENDPOINTS_NGINX_IMAGE: await buildNginxImage(docker),
      });
      expect(output).toContain("as containers");
      expect(output).toContain("▸ All of it works");
      const filter = ["--filter", "label=com.docker.compose.project=comfy-endpoints-stack"];
      for (const kind of [
        ["ps", "--all"],
        ["volume", "ls"],
        ["network", "ls"],
      ]) {
        expect(await docker.run(...kind, "--quiet", ...filter)).toBe("");
      }
    });
  });
});
