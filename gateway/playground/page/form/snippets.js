/** A run as code. Values come from whoever fills the form: each language has its own way to quote them. */

/**
 * @typedef {object} Call
 * @property {string} base address of the endpoint, without a slash at its end
 * @property {Record<string, unknown>} inputs
 */

/** @type {{ name: string, code: (call: Call) => string }[]} */
export const languages = [
  { name: "curl", code: curl },
  { name: "TypeScript", code: typescript },
  { name: "Python", code: python },
];

/** Waits a minute for the job, which most end in. @param {Call} call */
export function curl({ base, inputs }) {
  return `# Prints the job; "output" holds the result once "state" is "completed".
curl --silent --show-error ${shellWord(`${base}/run?wait=60`)} \\
  --header "x-api-key: $COMFY_ENDPOINTS_API_KEY" \\
  --header "content-type: application/json" \\
  --data-raw ${shellWord(JSON.stringify(inputs, null, 2))}
`;
}

/** @param {Call} call */
export function typescript({ base, inputs }) {
  return `// Node 18 or newer, Deno, Bun.
const endpoint = ${JSON.stringify(base)};
const headers = {
  "x-api-key": process.env.COMFY_ENDPOINTS_API_KEY ?? "",
  "content-type": "application/json",
};

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(endpoint + path, { ...init, headers });
  if (!response.ok) throw new Error(\`\${response.status} \${await response.text()}\`);
  return response.json();
}

const inputs = ${JSON.stringify(inputs, null, 2)};

let job = await call("/run", { method: "POST", body: JSON.stringify(inputs) });
while (!["completed", "failed", "canceled"].includes(job.state)) {
  job = await call(\`/jobs/\${job.job_id}?wait=60\`);
}
if (job.state !== "completed") throw new Error(\`\${job.state}: \${job.error ?? ""}\`);

// Media are ids of files: GET /files/<id>/download has the bytes.
console.log(job.output.result);
`;
}

/** @param {Call} call */
export function python({ base, inputs }) {
  return `# Python 3.8 or newer, nothing to install.
import json
import os
import urllib.request

endpoint = ${pythonLiteral(base)}
headers = {
    "x-api-key": os.environ["COMFY_ENDPOINTS_API_KEY"],
    "content-type": "application/json",
}


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(endpoint + path, data=data, headers=headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


inputs = ${pythonLiteral(inputs)}

job = call("/run", inputs)
while job["state"] not in ("completed", "failed", "canceled"):
    job = call(f"/jobs/{job['job_id']}?wait=60")
if job["state"] != "completed":
    raise SystemExit(f"{job['state']}: {job['error']}")

# Media are ids of files: GET /files/<id>/download has the bytes.
print(job["output"]["result"])
`;
}

/** One word for a POSIX shell, whatever is in it. @param {string} text */
export const shellWord = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * JSON as Python writes it. Its texts are Python's, too, escape by escape.
 * @param {unknown} value
 * @param {string} indent
 * @returns {string}
 */
export function pythonLiteral(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const lines = isList
    ? value.map((each) => pythonLiteral(each, inner))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${pythonLiteral(each, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  return lines.length === 0
    ? open + close
    : `${open}\n${lines.map((line) => `${inner}${line},\n`).join("")}${indent}${close}`;
}
