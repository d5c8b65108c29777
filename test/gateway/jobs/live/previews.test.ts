import { PNG } from "pngjs";
import { afterEach, expect, it } from "vitest";
import { previewEvent } from "../../../../contract/job-events.ts";
import { type StandIn, startStandIn } from "../../../local/comfyui/stand-in.ts";
import { startGateway, type TestGateway } from "../../../support/gateway.ts";
import { dataOf, openStream } from "../../../support/job-events.ts";
import { until } from "../../../support/until.ts";

let comfy: StandIn;
let gateway: TestGateway;
afterEach(async () => {
  await gateway.stop();
  await comfy.close();
});

const workflow = {
  prompt: {
    "1": { class_type: "EmptyImage", inputs: { width: 24, height: 16, batch_size: 1, color: 255 } },
    "2": { class_type: "LocalSleep", inputs: { image: ["1", 0], seconds: 0.1, steps: 3 } },
    "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "card" } },
  },
};
const contract = {
  contract_id: "slow-contract",
  version: "v1",
  inputs: [{ name: "seconds", type: "number", required: true, node_id: "2", field: "seconds" }],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};

it("a ComfyUI with previews shows them in the job's event stream, with the node they are of", async () => {
  comfy = await startStandIn({ previewMethod: "auto" });
  gateway = await startGateway({
    ...{ workflow, contract, ready: false },
    settings: (settings) => ({ ...settings, comfy: { url: comfy.url, folder: null, process: null } }),
  });
  await until("the gateway is ready", async () => (await fetch(`${gateway.url}/healthz`)).ok);
  const stream = await openStream(gateway, await gateway.run({ seconds: 1 }));
  await stream.ended;
  const previews = stream.events
    .filter(({ type }) => type === "preview")
    .map((event) => previewEvent.parse(dataOf(event)));
  expect(new Set(previews.map(({ node, media_type }) => `${node ?? ""} ${media_type}`))).toEqual(
    new Set(["2 image/png"]),
  );
  const { width, height } = PNG.sync.read(Buffer.from(previews[0]?.data ?? "", "base64"));
  expect([width, height]).toEqual([24, 16]);
});
