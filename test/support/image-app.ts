import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { appSchema } from "../../contract/app.ts";
import { type ImagePlan, planImages } from "../../providers/image/plan/plan.ts";
import { writeApp } from "./app-folder.ts";
import { appDocument } from "./apps.ts";

/** An app whose images are made of a few files of its own. */
export interface ImageApp {
  /** Path of app.json. */
  file: string;
  /** Folder that the golden image is made from. */
  context: string;
  /** What its images are called now. */
  plan(): Promise<ImagePlan>;
}

/** @param host of the registry that its images are kept in, under `comfy/golden` and `comfy/base` */
export function writeImageApp(folder: string, host: string): ImageApp {
  const context = join(folder, "context");
  const files = {
    "Dockerfile.base": "FROM scratch\nCOPY base.txt /base.txt\n",
    "Dockerfile.golden": "ARG BASE_IMAGE\nFROM $BASE_IMAGE\nCOPY gateway.txt /gateway.txt\n",
    "base/base.txt": "the base\n",
    "context/gateway.txt": "the gateway\n",
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const build = {
    ...{ comfy_version: "0.3.64", plugins: [] },
    ...{ image_repository: `${host}/comfy/golden`, base_image_repository: `${host}/comfy/base` },
    ...{ dockerfile_path: join(folder, "Dockerfile.golden"), build_context: context },
    ...{ base_dockerfile_path: join(folder, "Dockerfile.base"), base_build_context: join(folder, "base") },
  };
  return {
    file: writeApp(folder, { build }),
    context,
    plan: () => planImages(appSchema.parse({ ...appDocument, build }), { projectFolder: folder, subject: "app.json" }),
  };
}
