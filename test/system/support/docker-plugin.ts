import { delimiter, join, relative } from "node:path";

const folder = join(import.meta.dirname, "../../support/docker-provider");

/** With REAL_PLUGINS set, where there is internet, Pulumi downloads the plugin of @pulumi/docker, and nothing stands in. */
const isReal = Boolean(process.env["REAL_PLUGINS"]);

/** Lines of a Pulumi.yaml that choose the stand-in for the plugin of @pulumi/docker. */
export const dockerPlugin = (projectFolder: string): string =>
  isReal ? "" : `plugins: {providers: [{name: docker, version: 5.2.0, path: ${relative(projectFolder, folder)}}]}\n`;

/** The same for whoever writes the Pulumi.yaml itself: Pulumi finds it on PATH, and says so. */
export const ambientDockerPlugin = isReal ? {} : { PATH: [folder, process.env["PATH"]].join(delimiter) };
