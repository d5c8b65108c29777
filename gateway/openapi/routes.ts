import type { Boot } from "../boot/boot.ts";
import { answer, type Handlers } from "../http.ts";
import { readiness } from "../readiness.ts";
import { openApiDocument } from "./document.ts";

export const openApiHandlers = (boot: Pick<Boot, "health" | "workflow">): Pick<Handlers, "openapi"> => ({
  openapi: [answer<"openapi">(() => ({ status: 200, body: openApiDocument(readiness(boot).contract) }))],
});
