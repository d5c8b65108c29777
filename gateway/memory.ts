import { setFlagsFromString } from "node:v8";

/**
 * Lets the garbage collector come early. The pieces that a file goes through memory in are garbage at once; how much of
 * that piles up before anybody looks follows the size of the space for young objects, which otherwise grows sixteenfold.
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString("--scavenger-max-new-space-capacity-mb=2");
}
