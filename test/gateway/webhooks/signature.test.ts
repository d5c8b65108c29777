import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { parseSecret, signedHeaders } from "../../../gateway/webhooks/signature.ts";

const bytes = Buffer.from("0123456789abcdef0123456789abcdef");
const secret = `whsec_${bytes.toString("base64")}`;
const body = JSON.stringify({ type: "job.completed", data: { text: "ä ☔" } });

describe("a webhook's signature", () => {
  it("is the one that the authors of the standard verify", () => {
    const headers = signedHeaders([bytes], "msg_1", Date.now(), body);
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(headers["webhook-id"]).toBe("msg_1");
    expect(headers["webhook-timestamp"]).toMatch(/^\d{10}$/);
  });

  it("is that of each secret while one is changed for another", () => {
    const former = Buffer.alloc(32, 7);
    const headers = signedHeaders([bytes, former], "msg_1", Date.now(), body);
    for (const each of [bytes, former]) {
      const receiver = new Webhook(`whsec_${each.toString("base64")}`);
      expect(receiver.verify(body, headers)).toEqual(JSON.parse(body));
    }
  });

  it.each([
    ["another body", (headers: Record<string, string>) => new Webhook(secret).verify(`${body} `, headers)],
    [
      "another id",
      (headers: Record<string, string>) => new Webhook(secret).verify(body, { ...headers, "webhook-id": "msg_2" }),
    ],
    [
      "another time",
      (headers: Record<string, string>) =>
        new Webhook(secret).verify(body, {
          ...headers,
          "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 1),
        }),
    ],
    [
      "another secret",
      (headers: Record<string, string>) =>
        new Webhook(`whsec_${Buffer.alloc(32, 7).toString("base64")}`).verify(body, headers),
    ],
  ])("does not hold for %s", (_what, verify) => {
    expect(() => verify(signedHeaders([bytes], "msg_1", Date.now(), body))).toThrow("No matching signature found");
  });
});

describe("a webhook's secret", () => {
  it("is whsec_ and base64 of 24 to 64 bytes", () => {
    expect(parseSecret(secret)).toEqual(bytes);
    for (const size of [24, 64])
      expect(parseSecret(`whsec_${Buffer.alloc(size, 1).toString("base64")}`)).toHaveLength(size);
  });

  it.each([
    "",
    "secret",
    bytes.toString("base64"),
    "whsec_",
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    `whsec_${Buffer.alloc(32, 0xff).toString("base64url")}`,
    `${secret} `,
    `whsec_${"A".repeat(33)}`,
  ])("is not %j", (text) => {
    expect(parseSecret(text)).toBeUndefined();
  });
});
