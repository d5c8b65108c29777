import { describe, expect, it } from "vitest";
import { mediaTypeFits } from "../../contract/value-types.ts";

describe("a file", () => {
  it.each([
    ["image/png", "image/png"],
    ["image/png", "image/webp"],
    ["image/png", "Image/JPEG; q=1"],
    ["video/mp4", "video/webm"],
    ["audio/wav", "audio/mpeg"],
    ["file/bin", "text/html"],
    ["file/zip", "image/png"],
    ["video/mp4", "application/octet-stream"],
  ])("fits an input of %s as %s", (declared, mediaType) => {
    expect(mediaTypeFits(declared, mediaType)).toBe(true);
  });

  it.each([
    ["image/png", "video/mp4"],
    ["image/png", "imagex/png"],
    ["video/mp4", "audio/mp4"],
    ["audio/wav", "application/json"],
    ["image/png", "text/html; image/png"],
    ["image/png", ""],
  ])("does not fit an input of %s as %s", (declared, mediaType) => {
    expect(mediaTypeFits(declared, mediaType)).toBe(false);
  });
});
