import { describe, expect, it } from "vitest";
import { engineFailure, ProgramFailure } from "../../cli/stacks/failure.ts";

const pod =
  "urn:pulumi:demo::comfy-endpoints::comfy-endpoints:index:ComfyEndpoint$pulumi-nodejs:dynamic/comfy-endpoints:RunPodPod::endpoint-pod";
const stack = "urn:pulumi:demo::comfy-endpoints::pulumi:pulumi:Stack::comfy-endpoints-demo";
const error = (message: string, urn?: string) => ({ severity: "error", message, ...(urn !== undefined && { urn }) });
const messageOf = (...diagnostics: { severity: string; message: string; urn?: string }[]) =>
  engineFailure("pulumi up of demo", diagnostics, "").message;

describe("a failed run of the engine", () => {
  it("names the resource and its reason, in all of its lines", () => {
    expect(
      messageOf(
        { severity: "info", message: "placing" },
        error("no place for the pod:\n  US-KS-2 has no L4\n", pod),
        error("<{%reset%}>update failed<{%reset%}>\n", stack),
        error("update failed\n"),
      ),
    ).toBe("pulumi up of demo failed: endpoint-pod: no place for the pod:\n  US-KS-2 has no L4");
  });

  it("lists several reasons, each once", () => {
    expect(messageOf(error("one\n", pod), error("two\n"), error("two\n"))).toBe(
      "pulumi up of demo failed:\n  endpoint-pod: one\n  two",
    );
  });

  it("leaves out stack traces and the frame of a program's error", () => {
    const text =
      "Running program '/x/index.ts' failed with an unhandled exception:\nTypeError: boom\n    at a (b:1)\n    at c\n";
    const failure = engineFailure("pulumi up of demo", [error(text), error("update failed\n")], "");
    expect(failure.message).toBe("pulumi up of demo failed: TypeError: boom");
    expect(failure).toBeInstanceOf(ProgramFailure);
    expect(engineFailure("x", [error("no place\n", pod), error("update failed\n")], "")).not.toBeInstanceOf(
      ProgramFailure,
    );
  });

  it("tells what a resource's check found in the words of an error of ours", () => {
    const type = "pulumi-nodejs:dynamic/comfy-endpoints:RunPodPod";
    expect(
      messageOf(
        error(
          `${type} resource 'endpoint-pod': property volumeGb value {-1} has a problem: it must be positive\n`,
          pod,
        ),
      ),
    ).toBe('pulumi up of demo failed: endpoint-pod: "volumeGb" is -1; it must be positive');
    expect(messageOf(error(`${type} resource 'endpoint-pod' has a problem: there is no RunPod API key\n`, pod))).toBe(
      "pulumi up of demo failed: endpoint-pod: there is no RunPod API key",
    );
  });

  it("takes what the engine said on stderr when it never ran", () => {
    const stderr =
      "warning: something\n\u001b[31merror: \u001b[0mincorrect passphrase\nerror: the stack is locked by 1 lock(s).\n  file:///x\n";
    expect(engineFailure("pulumi up of demo", [], stderr).message).toBe(
      "pulumi up of demo failed:\n  incorrect passphrase\n  the stack is locked by 1 lock(s).\n    file:///x",
    );
    expect(engineFailure("pulumi up of demo", [], "").message).toBe("pulumi up of demo failed without saying why");
  });
});
