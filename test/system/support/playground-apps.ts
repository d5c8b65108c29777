/** Workflows of the stand-in's nodes, each with its contract. */

const input = (name: string, type: string) => ({
  class_type: "ApiInput",
  inputs: { name, type, required: false, value: "" },
});
const output = (name: string, type: string, value: string) => ({
  class_type: "ApiOutput",
  inputs: { name, type, value: [value, 0], filename_prefix: name },
});
const side = (name: string, value: number) => ({
  ...{ name, type: "integer", required: true, node_id: "2", field: name },
  ...{ min: 256, max: 1024, step: 64, default: value },
});

/** Takes as long as it is told; has an input of each kind, and several outputs. */
export const postcards = {
  contract: {
    contract_id: "postcards",
    version: "v3",
    inputs: [
      { name: "prompt", type: "string", required: true, node_id: "1", description: "What the card says." },
      side("width", 768),
      side("height", 512),
      {
        ...{ name: "seconds", type: "number", required: false, node_id: "4", field: "seconds" },
        ...{ min: 0, max: 60, step: 0.5, default: 1, description: "How long the drawing takes." },
      },
      { name: "seed", type: "integer", required: false, node_id: "5", min: 0, max: 2 ** 32 - 1 },
      {
        name: "paper",
        type: "string",
        required: true,
        node_id: "6",
        enum: ["linen", "laid", "plain"],
        default: "laid",
      },
      { name: "stamp", type: "boolean", required: true, node_id: "7", default: true },
      { name: "options", type: "object", required: false, node_id: "8", default: {} },
    ],
    outputs: [
      { name: "card", type: "image/png", node_id: "10" },
      { name: "paper", type: "string", node_id: "11", description: "What it is printed on." },
      { name: "stamp", type: "boolean", node_id: "12" },
      { name: "options", type: "object", node_id: "13" },
      { name: "colors", type: "image/png", node_id: "14", multiple: true },
    ],
  },
  workflow: {
    "1": input("prompt", "string"),
    "2": { class_type: "PromptCard", inputs: { prompt: ["1", 0], width: 768, height: 512 } },
    "4": { class_type: "LocalSleep", inputs: { image: ["2", 0], seconds: 1, steps: 20 } },
    "5": input("seed", "integer"),
    "6": input("paper", "string"),
    "7": input("stamp", "boolean"),
    "8": input("options", "object"),
    "9": { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 2, color: 0x5b5bd6 } },
    "10": { class_type: "ApiOutput", inputs: { name: "card", type: "image/png", image: ["4", 0] } },
    "11": output("paper", "string", "6"),
    "12": output("stamp", "boolean", "7"),
    "13": output("options", "object", "8"),
    "14": { class_type: "SaveImage", inputs: { images: ["9", 0], filename_prefix: "colors" } },
  },
};

/** What tells on a page that took a text for markup. */
export const markup = `"'><img src="x" onerror="window.hacked=1"><script>window.hacked=1</script>`;

/** Gives back what it takes, and says the worst wherever a contract may say something. */
export const copies = {
  contract: {
    contract_id: `copies ${markup}`,
    version: markup,
    inputs: [
      { name: "text", type: "string", required: true, node_id: "1", default: markup, description: markup },
      { name: "choice", type: "string", required: true, node_id: "2", enum: [markup, "other"], default: markup },
      { name: "document", type: "file/bin", required: true, node_id: "3", description: markup },
      { name: "drawing", type: "image/png", required: true, node_id: "4" },
    ],
    outputs: [
      { name: "text", type: "string", node_id: "11", description: markup },
      { name: "choice", type: "string", node_id: "12" },
      { name: "document", type: "image/svg+xml", node_id: "13" },
      { name: "drawing", type: "image/png", node_id: "14" },
    ],
  },
  workflow: {
    "1": input("text", "string"),
    "2": input("choice", "string"),
    "3": input("document", "file/bin"),
    "4": input("drawing", "image/png"),
    "11": output("text", "string", "1"),
    "12": output("choice", "string", "2"),
    "13": output("document", "image/svg+xml", "3"),
    "14": output("drawing", "image/png", "4"),
  },
};

/** Gives back the sound and the video that it takes. */
export const recordings = {
  contract: {
    contract_id: "recordings",
    version: "v1",
    inputs: [
      { name: "sound", type: "audio/wav", required: true, node_id: "1" },
      { name: "clip", type: "video/mp4", required: true, node_id: "2" },
    ],
    outputs: [
      { name: "sound", type: "audio/wav", node_id: "11" },
      { name: "clip", type: "video/mp4", node_id: "12" },
    ],
  },
  workflow: {
    "1": input("sound", "audio/wav"),
    "2": input("clip", "video/mp4"),
    "11": output("sound", "audio/wav", "1"),
    "12": output("clip", "video/mp4", "2"),
  },
};

/** Fails with the message that it is given. */
export const failures = {
  contract: {
    contract_id: "failures",
    version: "v1",
    inputs: [{ name: "message", type: "string", required: true, node_id: "2", field: "message" }],
    outputs: [{ name: "image", type: "image/png", node_id: "3" }],
  },
  workflow: {
    "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
    "2": { class_type: "LocalRaise", inputs: { image: ["1", 0], message: "" } },
    "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "image" } },
  },
};
