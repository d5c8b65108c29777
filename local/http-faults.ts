import type { Response } from "express";
import type { Fault } from "./faults.ts";

/** Lets a request fail before anything is done; false when the fault is of another kind. */
export function failOnPurpose(fault: Fault, response: Response): boolean {
  switch (fault.kind) {
    // RunPod's edge answers these with HTML or nothing (vendor's client).
    case "http500":
      response.status(500).type("html").send("<html><body>Internal Server Error</body></html>");
      return true;
    case "http429":
      response.status(429).set("retry-after", "1").type("html").send("<html><body>Too Many Requests</body></html>");
      return true;
    case "reset-before":
      response.socket?.destroy();
      return true;
    default:
      return false;
  }
}
