import type { Request } from "express";
import { MulterError } from "multer";
import { describe, expect, it } from "vitest";
import { StoreFault } from "../../../gateway/files/form.ts";
import { FileTooLarge, NoRoom } from "../../../gateway/files/store.ts";
import { uploadProblem } from "../../../gateway/files/upload-problem.ts";
import { HttpProblem } from "../../../gateway/http.ts";

const request = (type: string | undefined, complete = true): Request =>
  ({ complete, get: () => type }) as unknown as Request;
const systemError = (code: string): Error => Object.assign(new Error(code), { code });
const answerTo = (error: unknown, to = request(undefined)): unknown => {
  const problem = uploadProblem(error, to, "the shape");
  return problem instanceof HttpProblem ? [problem.status, problem.body.error, problem.body.detail] : problem;
};

describe("an upload that failed", () => {
  const fault = systemError("EIO");
  it.each<[string, unknown, unknown]>([
    ["a full disk", systemError("ENOSPC"), [507, "quota_exceeded", "the disk is full; delete files"]],
    [
      "a full disk below a form",
      new StoreFault(systemError("EDQUOT")),
      [507, "quota_exceeded", "the disk is full; delete files"],
    ],
    ["no room", new NoRoom("no"), [507, "quota_exceeded", "no"]],
    ["size", new FileTooLarge(5), [413, "payload_too_large", "the file has more than 5 bytes"]],
    ["a form of another shape", new MulterError("LIMIT_PART_COUNT"), [400, "VALIDATION_ERROR", "the shape"]],
    ["a broken disk", fault, fault],
    ["a broken disk below a form", new StoreFault(fault), fault],
  ])("by %s is answered so", (_, error, answer) => {
    expect(answerTo(error)).toEqual(answer);
  });

  it("by its caller is the caller's fault", () => {
    const broken = [400, "VALIDATION_ERROR", "the upload is broken"];
    expect(answerTo(new Error("aborted"), request(undefined, false))).toEqual(broken);
    expect(answerTo(new Error("Unexpected end of form"), request("multipart/form-data; boundary=b"))).toEqual(broken);
  });
});
