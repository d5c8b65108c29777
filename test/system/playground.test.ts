import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Job } from "../../contract/api.ts";
import { freePorts } from "../../local/host/free-ports.ts";
import { until } from "../support/until.ts";
import { enter, field, inState, output, run, save, usePlayground, wrong } from "./support/playground.ts";
import { postcards } from "./support/playground-apps.ts";

/** A folder for pictures of the page; none unless it is told. */
const pictures = process.env["PLAYGROUND_PICTURES"];
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true };
const { start, visit } = usePlayground();

const picture = async (page: Page, name: string): Promise<void> => {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, name), animations: "disabled" });
};
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("the playground of the demo", () => {
  it("asks for the key once in a tab, runs, shows the card, and gives it to be saved", async () => {
    const endpoint = await start("demo");
    const page = await visit(`${endpoint.url}/`);
    await enter(page, "wrong");
    await page.getByText("This key is not known here.").waitFor();
    await enter(page);
    await page.getByRole("heading", { name: "demo-contract" }).waitFor();

    await run(page);
    await field(page, "prompt").getByText("is missing; give a string").waitFor();
    await page.getByLabel("prompt").fill("a lighthouse in heavy fog");
    await run(page);
    await inState(page, "completed");
    expect(await wrong(page, "prompt")).toBe("");
    await output(page, "image").getByRole("img").waitFor();
    const [file] = (await endpoint.get<{ items: { sha256: string }[] }>("/files")).items;
    expect(sha256(await save(page, "image"))).toBe(file?.sha256);

    await page.reload();
    await inState(page, "completed");
    const other = await visit(page.url());
    await other.getByText("This endpoint wants a key").waitFor();
    await page.getByRole("button", { name: "Forget key" }).click();
    await page.getByText("This endpoint wants a key").waitFor();
  });

  it("lists jobs, and shows the one that is chosen, also after going back", async () => {
    const endpoint = await start("demo");
    const page = await visit(`${endpoint.url}/`);
    await enter(page);
    await page.getByText("No job yet.").waitFor();
    const ids: string[] = [];
    for (const prompt of ["first", "second"]) {
      await page.getByLabel("prompt").fill(prompt);
      await run(page);
      await until("it is looked at", () => !ids.some((id) => page.url().endsWith(id)) && page.url().includes("#"));
      await inState(page, "completed");
      ids.push(new URL(page.url()).hash.slice(1));
    }
    const links = page.locator("#jobs a");
    const shown = async () => Promise.all((await links.all()).map((link) => link.getAttribute("href")));
    expect(await shown()).toEqual([`#${ids[1]}`, `#${ids[0]}`]);
    await links.nth(1).click();
    await page.locator(`#jobs a[href="#${ids[0]}"][aria-current]`).waitFor();
    await output(page, "image").getByRole("img").waitFor();
    await page.goBack();
    await page.locator(`#jobs a[href="#${ids[1]}"][aria-current]`).waitFor();
  });
});

describe("the playground of a longer contract", () => {
  it("makes a control of each input, and shows each output", async () => {
    const endpoint = await start(postcards);
    const page = await visit(`${endpoint.url}/`);
    await enter(page);
    await page.getByLabel("prompt").fill("greetings from the lighthouse");
    await page.getByLabel("seconds, roughly").fill("0.5");
    expect(await page.getByRole("spinbutton", { name: "seconds" }).inputValue()).toBe("0.5");
    await page.getByRole("spinbutton", { name: "width" }).fill("100");
    await page.getByLabel("paper").selectOption("linen");
    await page.getByLabel("stamp").uncheck();
    await page.getByLabel("options").fill("{");
    await run(page);
    expect(await wrong(page, "options")).toMatch(/^is no JSON: /);
    await page.getByLabel("options").fill('{"edges": ["deckle"]}');
    await run(page);
    await field(page, "width").getByText("is 100; it must be at least 256").waitFor();
    await page.getByRole("spinbutton", { name: "width" }).fill("768");
    await run(page);
    await inState(page, "completed");
    await output(page, "card").getByRole("img").waitFor();
    expect(await output(page, "paper").locator("pre").textContent()).toBe("linen");
    expect(await output(page, "stamp").locator("pre").textContent()).toBe("false");
    expect(JSON.parse((await output(page, "options").locator("pre").textContent()) ?? "")).toEqual({
      edges: ["deckle"],
    });
    await output(page, "colors").getByRole("img").nth(1).waitFor();
    expect(await page.getByLabel("seed").first().inputValue()).toMatch(/^\d+$/);

    for (const [language, text] of [
      ["Python", `"paper": "linen"`],
      ["TypeScript", `"stamp": false`],
      ["curl", `--data-raw '{`],
    ] as const) {
      await page.getByRole("tab", { name: language }).click();
      expect(await page.locator("#code").textContent()).toContain(text);
    }
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#languages").getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(await page.locator("#code").textContent());
    await page.evaluate("scrollTo(0, 0)");
    await picture(page, "playground.png");
  });

  it("shows on a phone how far a run is, where the next one waits, and cancels both", async () => {
    const endpoint = await start(postcards);
    const page = await visit(`${endpoint.url}/`, { ...phone, colorScheme: "dark" });
    await enter(page);
    await page.getByLabel("prompt").fill("a fox in the snow");
    await page.getByRole("spinbutton", { name: "seconds" }).fill("20");
    await run(page);
    await page.getByText(/^LocalSleep, step [3-9] of 20$/).waitFor();
    await page.getByAltText("How it looks so far").waitFor();
    expect(await page.locator("#bar").getAttribute("value")).toMatch(/^0\.\d+$/);
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    expect(wide).toBe(phone.viewport.width);
    await page.evaluate("document.getElementById('job').scrollIntoView()");
    await picture(page, "playground-phone.png");

    const first = page.url();
    await page.getByLabel("prompt").fill("a fox in the rain");
    await run(page);
    await until("the next is looked at", () => page.url() !== first);
    await page.getByText("Next in the queue").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await inState(page, "canceled");
    await page.goto(first);
    await inState(page, "running");
    await page.getByRole("button", { name: "Cancel" }).click();
    await inState(page, "canceled");
    expect((await endpoint.get<{ items: Job[] }>("/jobs")).items.map((job) => job.state)).toEqual([
      "canceled",
      "canceled",
    ]);
  });
});

it("goes on with a job's events where a proxy cut them, or did not answer", async () => {
  const endpoint = await start(postcards);
  const page = await visit(`${endpoint.url}/`);
  const asked: (string | undefined)[] = [];
  const body = 'id: 1\nevent: state\ndata: {"state":"queued"}\n\n';
  await page.route("**/events", async (route) => {
    asked.push(route.request().headers()["last-event-id"]);
    if (asked.length === 1) await route.abort();
    else if (asked.length === 2) await route.fulfill({ contentType: "text/event-stream", body });
    else await route.continue();
  });
  await enter(page);
  await page.getByLabel("prompt").fill("patience");
  await page.getByRole("spinbutton", { name: "seconds" }).fill("6");
  await run(page);
  await page.getByText("The connection is lost; trying again").waitFor();
  await page.getByText(/^LocalSleep, step \d+ of 20$/).waitFor();
  expect(await page.locator("#job-trouble").textContent()).toBe("");
  await inState(page, "completed");
  expect(asked).toEqual([undefined, undefined, "1"]);
});

it("shows how the boot goes, and takes runs when it is over", async () => {
  const [port = 0] = await freePorts(1);
  const endpoint = await start("demo", port);
  const page = await visit(`${endpoint.url}/`);
  await enter(page);
  await page.getByRole("heading", { name: "Starting ComfyUI" }).waitFor();
  await page.locator("#health.starting").waitFor();
  await endpoint.startComfyUi();
  await page.locator("#health.ok").waitFor();
  await page.locator("#boot").waitFor({ state: "hidden" });
  await page.getByLabel("prompt").fill("at last");
  await run(page);
  await inState(page, "completed");
});

it("has the API beside it, with the same key", async () => {
  const endpoint = await start("demo");
  const page = await visit(`${endpoint.url}/`);
  await enter(page);
  await page.getByRole("link", { name: "API" }).click();
  await page.getByText("/jobs/{id}/events", { exact: true }).waitFor();
  await page.getByText("Queue a run of the workflow with the given inputs").click();
  expect(await page.locator("details[open] pre").first().textContent()).toContain(`--data-raw '{"prompt":`);
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
});
