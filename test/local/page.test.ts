import { afterEach, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { until } from "../support/until.ts";
import { podImage } from "./pod-program.ts";
import { mutate, rent, withoutContainers } from "./renting.ts";

let runpod: StartedRunPod;
afterEach(() => runpod.close());

const page = async (): Promise<string> => (await fetch(`${runpod.url}/local`)).text();

describe("the page at /local", () => {
  it("is HTML that may run nothing", async () => {
    runpod = await startLocalRunPod(withoutContainers);
    const response = await fetch(`${runpod.url}/local`);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; style-src 'unsafe-inline'");
    const text = await response.text();
    expect(text).toContain("0 pods · $0.00 per hour · balance $100.00");
    expect(text).toContain('<p class="empty">No pods.</p>');
    expect(text).toContain('<p class="empty">None.</p>');
  });

  it("shows a pod with its price, its link and its state", async () => {
    runpod = await startLocalRunPod(withoutContainers);
    const id = await rent(runpod, { gpuCount: 2 });
    const starting = await page();
    expect(starting).toContain("1 pod · $0.86 per hour");
    expect(starting).toContain('<h2>pod <span class="state starting">starting</span></h2>');
    expect(starting).toContain("<dt>GPU<dd>2 × NVIDIA L4, secure cloud, US-KS-2");
    const url = `${runpod.url}/proxy/${id}-8080/`;
    expect(starting).toContain(`<dt>Ports<dd><a href="${url}">${url}</a>`);
    expect(starting).not.toContain(`${id}-22`);
    runpod.account.report(id, { type: "container started", generation: 1, ports: {} });
    expect(await page()).toContain('<span class="state running">running</span>');
    await mutate(runpod, "podStop", { podId: id });
    const stopped = await page();
    expect(stopped).toContain('<span class="state stopped">stopped</span>');
    expect(stopped).toContain("1 pod · $0.00 per hour");
  });

  it("shows the end of a pod's log and the latest operations first", async () => {
    runpod = await startLocalRunPod({ container: podImage() });
    const id = await rent(runpod);
    await until("the log is there", async () => (await page()).includes("<pre>listening\n</pre>"));
    await mutate(runpod, "podStop", { podId: "nope" });
    const rows = [...(await page()).matchAll(/<tr><td>[\d:.]{12}<td>(.*?)<\/tr>/g)].map(([, row]) => row);
    expect(rows).toEqual([
      "podStop<td>nope<td>refused: pod not found: nope",
      `podFindAndDeployOnDemand<td>${id}<td>ok`,
    ]);
  });

  it("shows what others wrote as text", async () => {
    runpod = await startLocalRunPod(withoutContainers);
    await rent(runpod, { name: `<script>alert("&'")</script>` });
    const text = await page();
    expect(text).toContain("&#60;script&#62;alert(&#34;&#38;&#39;&#34;)&#60;/script&#62;");
    expect(text).not.toContain("<script");
  });
});
