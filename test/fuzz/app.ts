/** A workflow with an input of every kind of type, for whatever callers may put there. */
export const workflow = {
  "1": { class_type: "ApiInput", inputs: { name: "prompt", type: "string", required: true, value: "" } },
  "2": { class_type: "PromptCard", inputs: { prompt: ["1", 0], width: 64, height: 64 } },
  "3": { class_type: "ApiOutput", inputs: { name: "image", type: "image/png", image: ["2", 0] } },
  "4": { class_type: "ApiInput", inputs: { name: "options", type: "object", required: false, value: "{}" } },
  "5": { class_type: "ApiOutput", inputs: { name: "options", type: "object", value: ["4", 0] } },
  "6": { class_type: "ApiInput", inputs: { name: "list", type: "array", required: false, value: "[]" } },
  "7": { class_type: "ApiOutput", inputs: { name: "list", type: "array", value: ["6", 0] } },
  "8": { class_type: "ApiInput", inputs: { name: "ratio", type: "number", required: false, value: "1" } },
  "9": { class_type: "ApiOutput", inputs: { name: "ratio", type: "number", value: ["8", 0] } },
  "10": { class_type: "ApiInput", inputs: { name: "flag", type: "boolean", required: false, value: "true" } },
  "11": { class_type: "ApiOutput", inputs: { name: "flag", type: "boolean", value: ["10", 0] } },
  "12": { class_type: "ApiInput", inputs: { name: "photo", type: "image/png", required: false, value: "" } },
};

export const contract = {
  contract_id: "everything",
  version: "v1",
  inputs: [
    { name: "prompt", type: "string", required: true, node_id: "1" },
    { name: "width", type: "integer", required: false, node_id: "2", field: "width", min: 16, max: 128, step: 8 },
    { name: "options", type: "object", required: false, node_id: "4" },
    { name: "list", type: "array", required: false, node_id: "6" },
    { name: "ratio", type: "number", required: false, node_id: "8", min: -1, max: 1 },
    { name: "flag", type: "boolean", required: false, node_id: "10" },
    { name: "photo", type: "image/png", required: false, node_id: "12", url: true },
  ],
  outputs: [
    { name: "image", type: "image/png", node_id: "3" },
    { name: "options", type: "object", node_id: "5" },
    { name: "list", type: "array", node_id: "7" },
    { name: "ratio", type: "number", node_id: "9" },
    { name: "flag", type: "boolean", node_id: "11" },
  ],
};
