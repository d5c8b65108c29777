import { setFlagsFromString } from "node:v8";

/**
 * Lets the garbage collector come early. The pieces in which a file goes through memory are garbage at once; how much of it
 * piles up before anybody looks follows the size of the space for young objects, which would grow to 32 MB.
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString("--scavenger-max-new-space-capacity-mb=4");
}
