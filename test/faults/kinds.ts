import type { Account } from "../../local/account/account.ts";
import { startPodStack } from "../support/pod-stack.ts";
import type { Inputs, ProgramStack, ProgramStackOptions } from "../support/program-stack.ts";
import { startStorageStack } from "../support/storage-stack.ts";
import type { Resource, ResourceType } from "./expectations.ts";

/** A kind of deployment: what it is, and what is looked at in the end. */
interface Kind {
  /** Nothing is deployed yet. */
  start: (options: ProgramStackOptions) => Promise<ProgramStack>;
  /** What RunPod has of it, one of each, and the output that names it. */
  outputs: Partial<Record<ResourceType, string>>;
  /** What RunPod has for those inputs that can be seen there. */
  actual: (account: Account) => Inputs;
}

export const kinds: Record<"pod" | "storage", Kind> = {
  pod: {
    start: startPodStack,
    outputs: { pod: "podId" },
    actual: (account) => ({ image: account.pods()[0]?.job.imageName }),
  },
  storage: {
    start: startStorageStack,
    outputs: { "network volume": "volumeId", "registry credential": "registryAuthId" },
    actual: (account) => {
      const [volume] = account.networkVolumes();
      const [auth] = account.registryAuths();
      const { name: volumeName, size: sizeGb, dataCenterId: dataCenter } = volume ?? {};
      return { volumeName, sizeGb, dataCenter, authName: auth?.name, password: auth?.password };
    },
  },
};

export const resourcesOf = (account: Account): Resource[] => [
  ...account.pods().map(({ id, name }) => ({ type: "pod", id, name }) as const),
  ...account.networkVolumes().map(({ id, name, dataCenterId }) => {
    // In another data centre, one of the same name is another one.
    return { type: "network volume", id, name: `${name} in ${dataCenterId}` } as const;
  }),
  ...account.registryAuths().map(({ id, name }) => ({ type: "registry credential", id, name }) as const),
];
