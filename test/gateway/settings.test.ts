import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readSettings } from "../../gateway/settings.ts";

const least = {
  COMFY_ENDPOINTS_API_KEY: "k-1",
  COMFY_ENDPOINTS_CONTRACT_JSON: "{}",
  COMFY_ENDPOINTS_WORKFLOW_JSON: "{}",
};

describe("the gateway's settings", () => {
  it("have the pod's defaults", () => {
    expect(readSettings({ ...least, RUNPOD_POD_ID: "p1abc" })).toEqual({
      appId: null,
      apiKey: "k-1",
      webhookSecrets: [],
      corsOrigins: [],
      listen: { host: "127.0.0.1", port: 3000 },
      contract: { subject: "COMFY_ENDPOINTS_CONTRACT_JSON", text: "{}" },
      workflow: { subject: "COMFY_ENDPOINTS_WORKFLOW_JSON", text: "{}" },
      comfy: {
        url: "http://127.0.0.1:8188",
        folder: "/opt/comfy_endpoints/comfyui",
        process: {
          command: [
            ...["python", "/opt/comfy/main.py", "--listen", "127.0.0.1", "--port", "8188"],
            ...["--output-directory", "/opt/comfy_endpoints/comfyui/output"],
            ...["--input-directory", "/opt/comfy_endpoints/comfyui/input"],
            ...["--temp-directory", "/opt/comfy_endpoints/comfyui"],
            ...["--disable-auto-launch", "--disable-metadata", "--preview-method", "auto"],
            ...["--max-upload-size", "2049"],
          ],
          env: { RUNPOD_POD_ID: "p1abc" },
        },
      },
      state: { database: "/cache/state/p1abc/jobs.db", files: "/cache/state/p1abc/files" },
      provisioning: {
        artifacts: { subject: "COMFY_ENDPOINTS_APP_ARTIFACTS_JSON" },
        pod: "p1abc",
        cache: "/cache",
        models: "/cache/models",
        comfy: "/opt/comfy",
        python: "python",
        packEnv: { RUNPOD_POD_ID: "p1abc" },
        comfyModels: "/opt/comfy/models",
        symlinkTargets: [],
        watchPaths: [],
        minFileBytes: 100 * 1024 ** 2,
        tokens: new Map(),
      },
      pod: null,
      warmUp: null,
      idleStopMs: null,
      limits: {
        payloadBytes: 10 * 1024 ** 2,
        uploadBytes: 2048 * 1024 ** 2,
        jobTimeoutMs: null,
        queuedJobs: 1000,
        requestsPerMinute: null,
        jobRetentionDays: 30,
        eventStreams: 100,
        fileTtlMs: 7 * 24 * 3_600_000,
        fileQuotaBytes: null,
      },
    });
  });

  it("say where the pod can be asked about, when RunPod told its id and gave it a key", () => {
    const pod = { RUNPOD_POD_ID: "p1abc", RUNPOD_API_KEY: "rpa_1" };
    expect(readSettings({ ...least, ...pod }).pod).toEqual({
      id: "p1abc",
      apiKey: "rpa_1",
      apiUrl: "https://api.runpod.io",
    });
    const local = { RUNPOD_API_BASE_URL: "http://127.0.0.1:7777/" };
    expect(readSettings({ ...least, ...pod, ...local }).pod?.apiUrl).toBe("http://127.0.0.1:7777");
    expect(readSettings({ ...least, RUNPOD_API_KEY: "rpa_1" }).pod).toBeNull();
    expect(() => readSettings({ ...least, RUNPOD_API_BASE_URL: "here" })).toThrow(
      '"RUNPOD_API_BASE_URL" is "here"; give an address such as https://api.runpod.io',
    );
  });

  it("take what a deployment says", () => {
    const { appId, listen, state, limits, comfy } = readSettings({
      ...least,
      COMFY_ENDPOINTS_APP_ID: "cards",
      COMFY_ENDPOINTS_GATEWAY_PORT: "3001",
      COMFY_ENDPOINTS_STATE_DB: "/data/my.db",
      COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS: "1.5",
      COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "1",
      COMFY_ENDPOINTS_MAX_UPLOAD_MB: "3",
      COMFY_START_COMMAND: "python3 'my comfy/main.py' --lowvram",
    });
    expect(appId).toBe("cards");
    expect(listen.port).toBe(3001);
    expect(state).toEqual({ database: "/data/my.db", files: "/data/files" });
    expect(limits).toMatchObject({ payloadBytes: 1024 ** 2, uploadBytes: 3 * 1024 ** 2, jobTimeoutMs: 1500 });
    expect(comfy.process?.command).toEqual(["python3", "my comfy/main.py", "--lowvram"]);
    // Of such a command nothing is known: ComfyUI's own folders are meant.
    expect(comfy.folder).toBe("/opt/comfy");
  });

  it.each(["0", "-1", "none", "inf", "Infinite", ""])("know %j as no time limit, as the original did", (text) => {
    expect(readSettings({ ...least, COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS: text }).limits.jobTimeoutMs).toBeNull();
  });

  it.each([
    ["0", "0", null, null],
    ["1", "5", 3_600_000, 5 * 1024 ** 2],
  ])("keep files for %s hours in %s MB", (hours, megabytes, fileTtlMs, fileQuotaBytes) => {
    const { limits } = readSettings({
      ...least,
      COMFY_ENDPOINTS_FILE_TTL_HOURS: hours,
      COMFY_ENDPOINTS_FILE_QUOTA_MB: megabytes,
    });
    expect(limits).toMatchObject({ fileTtlMs, fileQuotaBytes });
  });

  it.each([
    ["COMFY_ENDPOINTS_FILE_TTL_HOURS", "a week", "give a number of hours, or 0 to keep files for ever"],
    ["COMFY_ENDPOINTS_FILE_QUOTA_MB", "-1", "give a number of MB, or 0 for no limit"],
    ["COMFY_ENDPOINTS_IDLE_STOP_MINUTES", "soon", "give a number of minutes, or 0 to never stop"],
  ])("are refused with %s of %s", (name, text, message) => {
    expect(() => readSettings({ ...least, [name]: text })).toThrow(
      `the environment: "${name}" is "${text}"; ${message}`,
    );
  });

  it.each([
    ["0", null],
    ["10", 600_000],
    ["0.5", 30_000],
  ])("stop the pod after %s minutes without use", (minutes, idleStopMs) => {
    expect(readSettings({ ...least, COMFY_ENDPOINTS_IDLE_STOP_MINUTES: minutes }).idleStopMs).toBe(idleStopMs);
  });

  it("keep a local pod below its folder, on its ports and off the network", () => {
    const { listen, state, comfy, contract } = readSettings({
      COMFY_ENDPOINTS_API_KEY: "k-1",
      COMFY_ENDPOINTS_CONTRACT_PATH: "/opt/app/workflow.contract.json",
      COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: "/home/me/pods/p1",
      COMFY_ENDPOINTS_LOCAL_PORTS: "3000:41001,8188:41002",
    });
    expect(listen).toEqual({ host: "127.0.0.1", port: 41001 });
    expect(state.database).toBe("/home/me/pods/p1/cache/state/local/jobs.db");
    expect(comfy.url).toBe("http://127.0.0.1:41002");
    const files = "/home/me/pods/p1/opt/comfy_endpoints/comfyui";
    expect(comfy.folder).toBe(files);
    expect(comfy.process?.command.slice(0, 12)).toEqual([
      ...["python", "/home/me/pods/p1/opt/comfy/main.py", "--listen", "127.0.0.1", "--port", "41002"],
      ...["--output-directory", `${files}/output`, "--input-directory", `${files}/input`, "--temp-directory", files],
    ]);
    expect(contract.path).toBe("/home/me/pods/p1/opt/app/workflow.contract.json");
  });

  it("take a folder for the same one however it is written", () => {
    const { provisioning } = readSettings({
      ...least,
      COMFY_ENDPOINTS_CACHE_ROOT: "/cache/",
      COMFY_ENDPOINTS_WATCH_PATHS: "/opt/comfy/models/, /data/./a/../b",
      COMFY_ENDPOINTS_SYMLINK_TARGETS: "/data/c/,sams",
    });
    expect(provisioning).toMatchObject({ cache: "/cache", watchPaths: ["/opt/comfy/models", "/data/b"] });
    expect(provisioning?.symlinkTargets).toEqual(["/data/c", "sams"]);
  });

  it("prefer documents in the environment to files", () => {
    const { contract } = readSettings({ ...least, COMFY_ENDPOINTS_CONTRACT_PATH: "/opt/app/workflow.contract.json" });
    expect(contract).toEqual({ subject: "COMFY_ENDPOINTS_CONTRACT_JSON", text: "{}" });
  });

  it("hide the gateway's own settings and the account's key from ComfyUI", () => {
    const { comfy } = readSettings({
      ...least,
      COMFY_ENDPOINTS_APP_ARTIFACTS_JSON_GZ_0: gzipSync("[]").toString("base64"),
      RUNPOD_API_KEY: "rpa_1",
      HF_TOKEN: "hf_1",
      PATH: "/bin",
    });
    expect(comfy.process?.env).toEqual({ HF_TOKEN: "hf_1", PATH: "/bin" });
  });

  it.each([undefined, "", "  "])("are refused without a key: %j", (key) => {
    expect(() => readSettings({ ...least, COMFY_ENDPOINTS_API_KEY: key })).toThrow(
      `the environment: "COMFY_ENDPOINTS_API_KEY" is missing; it must be the endpoint's key`,
    );
  });

  it.each(["change-me", "demo-change-me", " change-me "])("are refused with the key %j of the samples", (key) => {
    expect(() => readSettings({ ...least, COMFY_ENDPOINTS_API_KEY: key })).toThrow(
      "everybody knows that key; give one of your own",
    );
  });

  it("take secrets, a limit and other sites", () => {
    const [secret, former] = [Buffer.alloc(32, 1), Buffer.alloc(24, 2)];
    const { webhookSecrets, corsOrigins, limits, comfy } = readSettings({
      ...least,
      COMFY_ENDPOINTS_WEBHOOK_SECRET: ` whsec_${secret.toString("base64")}  whsec_${former.toString("base64")}`,
      COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE: "60",
      COMFY_ENDPOINTS_CORS_ORIGINS: "https://shop.example, http://localhost:5173",
    });
    expect(webhookSecrets).toEqual([secret, former]);
    expect(limits.requestsPerMinute).toBe(60);
    expect(corsOrigins).toEqual(["https://shop.example", "http://localhost:5173"]);
    expect(JSON.stringify(comfy)).not.toContain("whsec_");
    expect(readSettings({ ...least, COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE: "0" }).limits.requestsPerMinute).toBeNull();
    expect(readSettings({ ...least, COMFY_ENDPOINTS_CORS_ORIGINS: "*" }).corsOrigins).toEqual(["*"]);
  });

  it.each([
    ["COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE", "-1", 'is "-1"; give a number of requests a minute, or 0 for no limit'],
    [
      "COMFY_ENDPOINTS_CORS_ORIGINS",
      "https://shop.example/",
      'is "https://shop.example/"; "https://shop.example/" is no origin; give origins such as https://example.com, with commas between, or *',
    ],
  ])("refuse %s of %j", (name, value, problem) => {
    expect(() => readSettings({ ...least, [name]: value })).toThrow(`the environment: "${name}" ${problem}`);
  });

  it("refuse a secret that is none, without showing it", () => {
    const good = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    const read = () => readSettings({ ...least, COMFY_ENDPOINTS_WEBHOOK_SECRET: `${good} whsec_tell-nobody` });
    expect(read).toThrow(
      'the environment: "COMFY_ENDPOINTS_WEBHOOK_SECRET" is no secret of Standard Webhooks; give "whsec_" and the base64 of 24 to 64 bytes',
    );
  });

  it("name every problem at once", () => {
    const broken = {
      ...least,
      COMFY_ENDPOINTS_GATEWAY_PORT: "70000",
      COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "0",
      COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS: "soon",
      COMFY_ENDPOINTS_CACHE_ROOT: "cache",
      RUNPOD_POD_ID: "../other",
    };
    expect(() => readSettings(broken)).toThrow(
      [
        "the environment has 5 problems:",
        '  "COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS" is "soon"; give a number of seconds, or "none"',
        '  "COMFY_ENDPOINTS_MAX_PAYLOAD_MB" is "0"; give a whole number of MB',
        '  "COMFY_ENDPOINTS_GATEWAY_PORT" is 70000; give a port from 1 to 65535',
        '  "COMFY_ENDPOINTS_CACHE_ROOT" is "cache"; give an absolute path',
        '  "RUNPOD_POD_ID" is "../other"; give a pod id of letters, digits, _ and -',
      ].join("\n"),
    );
  });

  it("are refused when a split document is damaged", () => {
    expect(() => readSettings({ COMFY_ENDPOINTS_API_KEY: "k", COMFY_ENDPOINTS_WORKFLOW_JSON_GZ_0: "AAAA" })).toThrow(
      'the environment: "COMFY_ENDPOINTS_WORKFLOW_JSON" is damaged: its pieces do not unpack; deploy again',
    );
  });
});
