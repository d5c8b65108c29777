/** What a look at one thing that deployments need came to. */
export interface Check {
  name: string;
  /** `warn`: deployments may do without it; `fail`: they cannot. */
  status: "ok" | "warn" | "fail";
  /** What was found. */
  detail: string;
  /** What to do about it. */
  remedy?: string;
}

const oldestNode = 24;

export function nodeCheck(version: string): Check {
  const name = "node";
  if (Number.parseInt(version, 10) >= oldestNode) return { name, status: "ok", detail: version };
  const remedy = `run cend, which brings Node.js ${oldestNode}, or install it from https://nodejs.org`;
  return { name, status: "fail", detail: `${version} is older than ${oldestNode}`, remedy };
}

export function engineCheck(here: { version: string; source: "given" | "path" | "cache" } | undefined): Check {
  const name = "engine";
  const places = { given: "in COMFY_ENDPOINTS_ENGINE_DIR", path: "on PATH", cache: "in the cache folder" };
  if (here !== undefined) return { name, status: "ok", detail: `Pulumi ${here.version}, ${places[here.source]}` };
  return {
    ...{ name, status: "warn", detail: "no Pulumi yet" },
    remedy:
      "the first deployment downloads it, or builds it with Go in some minutes; or install it from https://www.pulumi.com",
  };
}

export interface ImageFacts {
  /** Why Docker cannot build here, as a clause; undefined when it can. */
  dockerTrouble: string | undefined;
  githubTrouble: string | undefined;
}

/** Who would build an image that no registry has: nobody is needed for an image that is there already. */
export function builderCheck({ dockerTrouble, githubTrouble }: ImageFacts): Check {
  const name = "docker";
  if (dockerTrouble === undefined) return { name, status: "ok", detail: "images can be built here" };
  if (githubTrouble === undefined) {
    return { name, status: "ok", detail: `${dockerTrouble}; GitHub Actions would build images` };
  }
  return {
    ...{ name, status: "warn", detail: `${dockerTrouble}, and ${githubTrouble}` },
    remedy:
      'only images that a registry has can be deployed ("build.image_ref"); start Docker, or set GITHUB_TOKEN and GITHUB_REPOSITORY',
  };
}

export function hubTokensCheck(env: Readonly<Record<string, string | undefined>>): Check {
  const name = "tokens";
  const tokens = ["HF_TOKEN", "HUGGINGFACE_TOKEN", "HUGGING_FACE_HUB_TOKEN", "CIVITAI_API_TOKEN"];
  const set = tokens.filter((token) => (env[token] ?? "") !== "");
  if (set.length > 0) return { name, status: "ok", detail: `${set.join(" and ")} for gated models` };
  return {
    ...{ name, status: "warn", detail: "no token of Hugging Face or Civitai is set" },
    remedy: "open models need none; for gated ones set HF_TOKEN or CIVITAI_API_TOKEN where you deploy",
  };
}

/** A pod is refused below one hour of its price; a little more than nothing is not yet enough for most. */
const littleBalance = 1;

export function balanceCheck({
  balance,
  spendPerHour,
}: {
  balance: number | undefined;
  spendPerHour: number | undefined;
}): Check {
  const name = "balance";
  const remedy = "add funds at https://console.runpod.io/user/billing";
  if (balance === undefined) return { name, status: "warn", detail: "RunPod does not tell the balance", remedy };
  const spent = spendPerHour === undefined ? "" : `, ${spendPerHour.toFixed(2)} USD per hour are being spent`;
  const detail = `${balance.toFixed(2)} USD${spent}`;
  if (balance <= 0) return { name, status: "fail", detail, remedy };
  return balance < littleBalance ? { name, status: "warn", detail, remedy } : { name, status: "ok", detail };
}
