import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dockerTroubleOf } from "../../../../providers/image/docker/docker.ts";
import { writeFiles } from "../../../support/git-repository.ts";

const usual = "unix:///var/run/docker.sock";
const colima = "unix:///home/me/.colima/docker.sock";

/** A docker command with the contexts default and colima, of which the latter is chosen, as Docker resolves them. */
const command = `#!/bin/sh
context="\${DOCKER_CONTEXT:-colima}"
[ -z "$DOCKER_HOST" ] || context=default
[ "$context" = default ] && host="\${DOCKER_HOST:-${usual}}" || host="${colima}"
if [ "$1" = context ]; then echo "$host"; exit; fi
case " $ANSWERING " in
  *" $host "*) echo "$context 28.2.2" ;;
  *) echo "Cannot connect to the Docker daemon at $host." >&2; exit 1 ;;
esac
`;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "docker-"));
  writeFiles(home, { "bin/docker": command });
  chmodSync(join(home, "bin/docker"), 0o755);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** @param answering where daemons are */
const troubleOf = (answering: string[], env: NodeJS.ProcessEnv = {}) =>
  dockerTroubleOf({ PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, ANSWERING: answering.join(" "), ...env });

describe("Docker", () => {
  it("can be used where the docker command and Pulumi's provider find a daemon", async () => {
    expect(await troubleOf([usual], { DOCKER_CONTEXT: "default" })).toBeUndefined();
    expect(await troubleOf(["tcp://there:2375"], { DOCKER_HOST: "tcp://there:2375" })).toBeUndefined();
    expect(await troubleOf([colima, usual])).toBeUndefined();
  });

  it.each(["run", "desktop"])("can be used where its Desktop answers at %s/docker.sock", async (folder) => {
    const socket = join(home, ".docker", folder, "docker.sock");
    expect(await troubleOf([colima, `unix://${socket}`])).toContain("context");
    writeFiles(home, { [`.docker/${folder}/docker.sock`]: "" });
    expect(await troubleOf([colima, `unix://${socket}`])).toBeUndefined();
  });

  it("cannot be used where only a context leads to it, which is told with what to set", async () => {
    const remedy = `DOCKER_HOST=${colima}`;
    expect(await troubleOf([colima])).toBe(
      `Docker answers in its context "colima" alone, of which Pulumi's Docker provider knows nothing (export ${remedy})`,
    );
    expect(await troubleOf([colima], { DOCKER_HOST: colima })).toBeUndefined();
  });

  it("cannot be used where it does not answer, or is not installed", async () => {
    expect(await troubleOf([usual])).toBe(`Docker cannot be used (Cannot connect to the Docker daemon at ${colima}.)`);
    expect(await troubleOf([usual], { PATH: "/nowhere" })).toBe("Docker is not installed");
  });
});
