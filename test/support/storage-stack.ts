import { type ProgramStack, type ProgramStackOptions, startProgramStack } from "./program-stack.ts";

const usual = { dataCenter: "US-KS-2", sizeGb: 100, username: "me", password: "s3cret-1" };

/** A stack of `test/programs/storage.ts`: a network volume and a registry credential. */
export const startStorageStack = (options: ProgramStackOptions = {}): Promise<ProgramStack> =>
  startProgramStack("storage", usual, options);
