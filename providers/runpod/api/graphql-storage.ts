import { z } from "zod";
import { networkVolumeAnswer, registryAuthAnswer, storageDataCentersAnswer } from "./answers.ts";
import type { StorageApi } from "./api.ts";
import type { GraphQlClient } from "./graphql-client.ts";
import { withoutSecrets } from "./redact.ts";

export function createStorageApi({ query, mutate }: GraphQlClient): StorageApi {
  return {
    storageDataCenters: async () =>
      (await query("storageDataCenters", z.object({ dataCenters: storageDataCentersAnswer }))).dataCenters,
    listNetworkVolumes: async () => {
      const list = z.object({ myself: z.object({ networkVolumes: z.array(networkVolumeAnswer) }) });
      return (await query("listNetworkVolumes", list)).myself.networkVolumes;
    },
    createNetworkVolume: async ({ name, sizeGb, dataCenter }) => {
      const answer = await mutate("createNetworkVolume", z.object({ createNetworkVolume: networkVolumeAnswer }), {
        input: { name, size: sizeGb, dataCenterId: dataCenter },
      });
      return answer.createNetworkVolume;
    },
    updateNetworkVolume: async (volumeId, { name, sizeGb }) => {
      const answer = await mutate("updateNetworkVolume", z.object({ updateNetworkVolume: networkVolumeAnswer }), {
        input: { id: volumeId, name, size: sizeGb },
      });
      return answer.updateNetworkVolume;
    },
    deleteNetworkVolume: async (volumeId) => {
      await mutate("deleteNetworkVolume", z.unknown(), { input: { id: volumeId } });
    },
    listRegistryAuths: async () => {
      const list = z.object({ myself: z.object({ containerRegistryCreds: z.array(registryAuthAnswer) }) });
      return (await query("listRegistryAuths", list)).myself.containerRegistryCreds;
    },
    createRegistryAuth: async (name, { username, password }) => {
      const answer = z.object({ saveRegistryAuth: registryAuthAnswer });
      const input = { name, username, password };
      return (await withoutSecrets([password], mutate("createRegistryAuth", answer, { input }))).saveRegistryAuth;
    },
    updateRegistryAuth: async (registryAuthId, { username, password }) => {
      const input = { id: registryAuthId, username, password };
      await withoutSecrets([password], mutate("updateRegistryAuth", z.unknown(), { input }));
    },
    deleteRegistryAuth: async (registryAuthId) => {
      await mutate("deleteRegistryAuth", z.unknown(), { registryAuthId });
    },
  };
}
