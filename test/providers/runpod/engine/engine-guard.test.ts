import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NetworkVolume, Pod, PodRequest, RunPodApi } from "../../../../providers/runpod/api/api.ts";
import { RunPodError } from "../../../../providers/runpod/api/errors.ts";
import { whileEngineLives } from "../../../../providers/runpod/engine/engine-guard.ts";

describe("RunPod, for a provider process", () => {
  const { argv } = process;
  let engine: Server;
  let calls: string[];
  let pods: Pod[];
  let whileAsked: () => Promise<void>;
  let api: RunPodApi;

  beforeEach(async () => {
    vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    engine = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(engine, "listening");
    const address = `127.0.0.1:${(engine.address() as AddressInfo).port}`;
    process.argv = ["node", "/lib/pulumi/cmd/dynamic-provider/index.js", address];
    calls = [];
    pods = [];
    whileAsked = () => Promise.resolve();
    const answers: Partial<RunPodApi> = {
      createPod: async ({ env }) => {
        const pod = { id: `made-${pods.length}`, env } as Pod;
        pods.push(pod);
        await whileAsked();
        return pod;
      },
      listPods: () => Promise.resolve(pods),
      terminatePod: (podId) => {
        pods = pods.filter(({ id }) => id !== podId);
        return Promise.resolve();
      },
      createNetworkVolume: async () => {
        await whileAsked();
        return { id: "volume" } as NetworkVolume;
      },
      createRegistryAuth: async () => {
        await whileAsked();
        return { id: "auth", name: "one" };
      },
    };
    const recorder = new Proxy(answers as RunPodApi, {
      get: (target, name: keyof RunPodApi) => (argument: never) => {
        calls.push(name);
        return (target[name] as ((one: never) => unknown) | undefined)?.(argument);
      },
    });
    api = whileEngineLives(recorder);
  });
  afterEach(() => {
    process.argv = argv;
    engine.close();
    vi.restoreAllMocks();
  });
  const kill = async (): Promise<void> => {
    engine.close();
    await once(engine, "close");
  };
  const request = { name: "pod", env: { OWN: "1" } } as unknown as PodRequest;

  it("is what it is while the engine lives", async () => {
    expect(await api.createPod(request)).toMatchObject({ id: "made-0", env: { OWN: "1" } });
    await api.terminatePod("old");
    expect(calls).toEqual(["createPod", "terminatePod"]);
  });

  it("changes nothing once the engine is gone, and answers questions", async () => {
    await kill();
    const changes = [
      api.createPod(request),
      api.editPod("one", {} as never),
      api.resumePod({} as Pod, 1),
      api.stopPod("one"),
      api.terminatePod("one"),
      api.createNetworkVolume({} as never),
      api.updateNetworkVolume("one", {}),
      api.deleteNetworkVolume("one"),
      api.createRegistryAuth("one", {} as never),
      api.updateRegistryAuth("one", {} as never),
      api.deleteRegistryAuth("one"),
    ];
    for (const change of changes) await expect(change).rejects.toThrow("engine is gone; nothing more is changed");
    expect(calls).toEqual([]);
    expect(await api.listPods()).toEqual([]);
  });

  it("loses the pod that was asked for when the engine goes meanwhile", async () => {
    whileAsked = kill;
    await expect(api.createPod(request)).rejects.toThrow("pod made-0, which it had asked for, was removed");
    expect(pods).toEqual([]);
  });

  it("loses that pod, and no other of its name, also when the answer was lost", async () => {
    const other = await api.createPod(request);
    whileAsked = async () => {
      await kill();
      throw new RunPodError("transient", "no answer");
    };
    await expect(api.createPod(request)).rejects.toThrow("pod made-1, which it had asked for, was removed");
    expect(pods).toEqual([other]);
  });

  it("loses the storage that was asked for when the engine goes meanwhile", async () => {
    whileAsked = kill;
    const [volume, auth] = [api.createNetworkVolume({} as never), api.createRegistryAuth("one", {} as never)];
    await expect(volume).rejects.toThrow("network volume volume, which it had asked for, was removed");
    await expect(auth).rejects.toThrow("registry credential auth, which it had asked for, was removed");
    expect(calls).toEqual(expect.arrayContaining(["deleteNetworkVolume", "deleteRegistryAuth"]));
  });

  it("keeps a network volume that a later run has given to a pod already", async () => {
    whileAsked = kill;
    pods = [{ id: "later", networkVolumeId: "volume" } as Pod];
    await expect(api.createNetworkVolume({} as never)).rejects.toThrow("volume, which it had asked for, has a pod");
    expect(calls).not.toContain("deleteNetworkVolume");
  });

  it("keeps storage whose answer was lost, for it may be a later run's", async () => {
    whileAsked = async () => {
      await kill();
      throw new RunPodError("transient", "no answer");
    };
    await expect(api.createNetworkVolume({} as never)).rejects.toThrow("engine is gone; nothing more is changed");
    expect(calls).toEqual(["createNetworkVolume"]);
  });

  it("tells of a lost answer while the engine lives", async () => {
    whileAsked = () => Promise.reject(new RunPodError("transient", "no answer"));
    await expect(api.createPod(request)).rejects.toThrow("no answer");
    expect(pods).toHaveLength(1);
  });
});
