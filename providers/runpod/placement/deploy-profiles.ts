import { UserError } from "../../../contract/errors.ts";
import type { Cloud } from "../api/api.ts";

/** Terms on which a pod is asked for. */
export interface DeployProfile {
  cloud: Cloud;
  /** Cheaper, and taken away when somebody pays more. */
  spot: boolean;
}

/** Cheapest terms first. */
export const defaultProfiles: readonly DeployProfile[] = [
  { cloud: "COMMUNITY", spot: true },
  { cloud: "COMMUNITY", spot: false },
  { cloud: "SECURE", spot: true },
  { cloud: "SECURE", spot: false },
];

const yes = new Set(["1", "true", "yes", "on"]);
const no = new Set(["0", "false", "no", "off"]);

/**
 * Reads `COMMUNITY:true,SECURE:false`: cloud and whether spot, in the order to try them.
 * @param source where the text was found, for the error
 * @throws {UserError} when a part is something else
 */
export function parseProfiles(text: string, source: string): DeployProfile[] {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const profiles = parts.map((part) => {
    const [, cloud = "", spot = ""] = /^(\w+)\s*:\s*(\w+)$/.exec(part) ?? [];
    const known = cloud.toUpperCase();
    const word = spot.toLowerCase();
    if ((known === "COMMUNITY" || known === "SECURE") && (yes.has(word) || no.has(word))) {
      return { cloud: known, spot: yes.has(word) } as const;
    }
    throw new UserError(
      `${source} holds "${part}"; give COMMUNITY or SECURE and whether spot, such as COMMUNITY:true,SECURE:false`,
    );
  });
  if (profiles.length === 0) {
    throw new UserError(`${source} is "${text}"; give at least one profile, such as SECURE:false, or leave it away`);
  }
  return profiles;
}

export const profileName = ({ cloud, spot }: DeployProfile): string => `${cloud}${spot ? " spot" : ""}`;
