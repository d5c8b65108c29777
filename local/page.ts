import type { Account } from "./account/account.ts";
import type { Pod } from "./account/pod.ts";
import type { Operation } from "./operations.ts";

export interface PageContent {
  /** Address of the local RunPod. */
  base: string;
  pods: { pod: Pod; log: string }[];
  account: Account;
  operations: Operation[];
}

/** The page at `/local`: what runs, where, and what was asked. It is HTML without scripts and reloads itself. */
export function page({ base, pods, account, operations }: PageContent): string {
  const pages = pods.length === 0 ? `<p class="empty">No pods.</p>` : pods.map((one) => podCard(one, base)).join("");
  const latest = operations.slice(-20).reverse().map(operationRow).join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Local RunPod</title>
<style>${style}</style>
<header>
  <h1>Local RunPod</h1>
  <p>${escape(base)} · ${pods.length} ${pods.length === 1 ? "pod" : "pods"} · ${money(account.spendPerHr())} per hour · balance ${money(account.balance)}</p>
</header>
<main>
  ${pages}
  <h2>Latest operations</h2>
  ${latest === "" ? `<p class="empty">None.</p>` : `<table><tr><th>Time<th>Operation<th>Pod<th>Outcome</tr>${latest}</table>`}
</main>
</html>
`;
}

function podCard({ pod, log }: { pod: Pod; log: string }, base: string): string {
  const links = pod.job.ports
    .filter((port) => port.endsWith("/http"))
    .map((port) => `${base}/proxy/${pod.id}-${port.slice(0, -5)}/`)
    .map((url) => `<a href="${escape(url)}">${escape(url)}</a>`)
    .join("<br>");
  const state = stateOf(pod);
  return `<section>
  <h2>${escape(pod.name || pod.id)} <span class="state ${state}">${state}</span></h2>
  <dl>
    <dt>Id<dd>${escape(pod.id)}
    <dt>Image<dd>${escape(pod.job.imageName)}
    <dt>GPU<dd>${pod.gpuCount} × ${escape(pod.gpuTypeId)}, ${escape(pod.cloud.toLowerCase())} cloud, ${escape(pod.dataCenterId)}
    <dt>Price<dd>${money(pod.costPerHr)} per hour, ${pod.bidPerGpu === undefined ? "on demand" : "spot"}
    <dt>Status<dd>${escape(pod.lastStatusChange)}
    <dt>Ports<dd>${links || "none"}
  </dl>
  <details${state === "running" ? "" : " open"}><summary>Log</summary><pre>${escape(log) || "(empty)"}</pre></details>
</section>`;
}

function stateOf(pod: Pod): "running" | "starting" | "stopped" {
  if (pod.desiredStatus === "EXITED") return "stopped";
  return pod.container === undefined ? "starting" : "running";
}

function operationRow({ time, name, podId, outcome, detail }: Operation): string {
  const result = detail === undefined ? outcome : `${outcome}: ${detail}`;
  return `<tr><td>${escape(time.slice(11, 23))}<td>${escape(name)}<td>${escape(podId ?? "")}<td>${escape(result)}</tr>`;
}

const money = (usd: number): string => `$${usd.toFixed(2)}`;

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const style = `
  :root { color-scheme: light dark; --line: #8884; --soft: #8881; }
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
  header { padding: 1.5rem 2rem 1rem; border-bottom: 1px solid var(--line); }
  header p { margin: .25rem 0 0; opacity: .75; }
  main { padding: 1rem 2rem 3rem; max-width: 60rem; }
  h1 { margin: 0; font-size: 1.5rem; }
  h2 { margin: 1.5rem 0 .75rem; font-size: 1.1rem; }
  section { margin: 1rem 0; padding: .25rem 1.25rem 1rem; border: 1px solid var(--line); border-radius: .6rem; }
  section h2 { margin-top: .75rem; }
  dl { display: grid; grid-template-columns: 5rem 1fr; gap: .2rem 1rem; margin: 0 0 .75rem; }
  dt { opacity: .65; } dd { margin: 0; overflow-wrap: anywhere; }
  .state { margin-left: .5rem; padding: .1rem .6rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; color: #fff; }
  .running { background: #15803d; } .starting { background: #b45309; } .stopped { background: #57606a; }
  pre { margin: .5rem 0 0; padding: .75rem; max-height: 20rem; overflow: auto; background: var(--soft); border-radius: .4rem; font-size: .8rem; }
  table { width: 100%; border-collapse: collapse; font-size: .9rem; }
  th, td { padding: .3rem .5rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
  .empty { opacity: .65; }
`;
