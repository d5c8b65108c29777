import { expect } from "vitest";
import type { StartedRunPod } from "../support/local-runpod.ts";

/** Options with which pods are rented, but never get as far as running anything. */
export const withoutContainers = { pullMs: 600_000 };

/** A pod that every test may have. */
export const wish = {
  name: "pod",
  imageName: "example/image:1",
  gpuTypeId: "NVIDIA L4",
  gpuCount: 1,
  cloudType: "SECURE",
  dataCenterId: "US-KS-2",
  containerDiskInGb: 20,
  volumeInGb: 10,
  ports: "8080/http,22/tcp",
  env: [
    { key: "COLOR", value: "red" },
    { key: "SIZE", value: "a=b" },
  ],
};

/** Sends a mutation with an input; answers the whole answer. */
export const mutate = (runpod: StartedRunPod, name: string, input: object, fields = "{ id }") => {
  const type = name === "podFindAndDeployOnDemand" ? "PodFindAndDeployOnDemandInput" : `${capital(name)}Input!`;
  return runpod.graphql(`mutation($input: ${type}) { ${name}(input: $input) ${fields} }`, { input });
};

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Rents a pod; answers its id. */
export async function rent(runpod: StartedRunPod, input: object = {}): Promise<string> {
  const { data, errors } = await mutate(runpod, "podFindAndDeployOnDemand", { ...wish, ...input });
  const pod = data?.["podFindAndDeployOnDemand"] as { id: string } | null | undefined;
  if (!pod) throw new Error(JSON.stringify(errors));
  return pod.id;
}

/** Fields of a pod; null when there is none. */
export async function podOf(runpod: StartedRunPod, podId: string, fields: string): Promise<unknown> {
  const { data } = await runpod.graphql(`{ pod(input: { podId: "${podId}" }) { ${fields} } }`);
  return data?.["pod"];
}

/** How RunPod refuses: HTTP 200, the field null, one error (documented; the place in the document is graphql-js's). */
export const refused = (field: string, message: string, code?: string) => ({
  status: 200,
  data: { [field]: null },
  errors: [
    {
      message,
      path: [field],
      locations: [{ line: 1, column: expect.any(Number) as number }],
      extensions: code === undefined ? {} : { code },
    },
  ],
});

/** `Exited by user: Wed Jul 08 2026 01:13:03 GMT+0000 (Coordinated Universal Time)` (observed). */
export const statusChange = (what: string): string =>
  expect.stringMatching(
    new RegExp(
      `^${what}: [A-Z][a-z]{2} [A-Z][a-z]{2} \\d\\d \\d{4} \\d\\d:\\d\\d:\\d\\d GMT\\+0000 \\(Coordinated Universal Time\\)$`,
    ),
  ) as string;
