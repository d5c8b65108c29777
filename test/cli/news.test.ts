import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, it } from "vitest";
import { newsOf } from "../../cli/stacks/news.ts";

const event = (fields: object): EngineEvent => ({ sequence: 1, timestamp: 1, ...fields });
const step = (op: string, more: object = {}) => ({
  metadata: {
    ...{ op, urn: "urn:pulumi:demo::comfy-endpoints::a$b:c::endpoint-pod", type: "b:c", new: { custom: true } },
    ...more,
  },
});
const told = (message: string, more: object = {}) =>
  newsOf(event({ diagnosticEvent: { message, color: "never", severity: "info", ...more } }));

describe("an event of the engine", () => {
  it.each([
    ["create", "+ endpoint-pod created"],
    ["delete", "- endpoint-pod deleted"],
    ["create-replacement", "+ endpoint-pod created in the place of another"],
    ["delete-replaced", "- endpoint-pod deleted, being replaced"],
    ["same", undefined],
    ["replace", undefined],
  ])("tells that a resource's %s is done as %s", (op, text) => {
    expect(newsOf(event({ resOutputsEvent: step(op) }))?.line?.text).toBe(text);
  });

  it("names what an update changes, and knows neither components nor providers", () => {
    const diffs = ["imageName", "env"];
    const update = newsOf(event({ resOutputsEvent: step("update", { diffs }) }));
    expect(update).toEqual({ line: { text: "~ endpoint-pod updated (imageName, env)", kind: "done" } });
    expect(newsOf(event({ resOutputsEvent: step("create", { new: { custom: false } }) }))).toBeUndefined();
    expect(newsOf(event({ resOutputsEvent: step("create", { type: "pulumi:providers:a" }) }))).toBeUndefined();
  });

  it("tells what is about to happen only at a preview", () => {
    const planned = { ...step("replace"), planning: true };
    expect(newsOf(event({ resourcePreEvent: planned }))?.line?.text).toBe("± endpoint-pod replace");
    expect(newsOf(event({ resOutputsEvent: planned }))).toBeUndefined();
    expect(newsOf(event({ resourcePreEvent: step("create") }))).toBeUndefined();
  });

  it("tells how far something is apart from what stays worth knowing", () => {
    expect(told("<{%reset%}>endpoint-pod: rented pod abc<{%reset%}>\n")).toEqual({
      line: { text: "  endpoint-pod: rented pod abc", kind: "told" },
    });
    expect(told("endpoint-ready: models: flux 41 %, 113 MB/s, 2 min left\n")).toEqual({
      progress: "models: flux 41 %, 113 MB/s, 2 min left",
    });
    expect(told("Step 3/9 : COPY . .", { ephemeral: true })).toEqual({ progress: "Step 3/9 : COPY . ." });
    expect(told("no room", { severity: "warning" })).toEqual({ line: { text: "warning: no room", kind: "warning" } });
  });

  it("leaves errors to the end of the run, and debugging to whoever asks for it", () => {
    expect(told("boom", { severity: "error" })).toBeUndefined();
    expect(told("Registering resource", { severity: "debug" })).toBeUndefined();
    expect(told("\n")).toBeUndefined();
  });
});
