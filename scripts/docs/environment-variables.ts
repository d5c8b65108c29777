/** What each environment variable means: the page about configuration shows it, and a test holds it to the code. */

interface Group {
  title: string;
  /** When these are read. */
  about: string;
  variables: Readonly<Record<string, string>>;
}

const deployment: Group = {
  title: "Where deployments are made",
  about:
    "Read by the Pulumi program and by `cend`. A variable of the process wins over `.env.local`, that over `.env`, and all of them over the stack's config.",
  variables: {
    RUNPOD_API_KEY: "Key of the RunPod account. On macOS the keychain is asked when it is set nowhere",
    RUNPOD_API_BASE_URL: "RunPod's API, `https://api.runpod.io` unless set",
    RUNPOD_PROXY_URL:
      "Where pods are reached, with `{podId}` and `{port}` in it; `https://{podId}-{port}.proxy.runpod.net` unless set",
    COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS: "How long one request to RunPod may take, 30 unless set",
    COMFY_ENDPOINTS_RUNPOD_DEPLOY_PROFILES: "As the stack's `deployProfiles`, over which it wins",
    COMFY_ENDPOINTS_RUNPOD_MAX_DEPLOY_ATTEMPTS: "As the stack's `maxDeployAttempts`, over which it wins",
    COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_ACCOUNT: "Account of the keychain's entry, your user name unless set",
    COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_SERVICE: "Another name of that entry, for `scripts/load_runpod_api_key.sh` alone",
    COMFY_ENDPOINTS_ENV_FILE: "The only file to read in place of `.env.local` and `.env`",
    HF_TOKEN: "Token for models at Hugging Face; handed to the pod as a secret",
    HUGGINGFACE_TOKEN: "The same",
    HUGGING_FACE_HUB_TOKEN: "The same",
    CIVITAI_API_TOKEN: "Token for models at Civitai; handed to the pod as a secret",
    "COMFY_ENDPOINTS_URL_<APP>":
      "Address of an endpoint that was not deployed from here; `<APP>` is the app's id in capitals, with `_` for everything else",
    "COMFY_ENDPOINTS_API_KEY_<APP>": "Key of that endpoint",
    COMFY_ENDPOINTS_DEBUG: "Any text: `cend` shows where in its code a fault of its own is",
  },
};

const images: Group = {
  title: "Building images",
  about: "Read where deployments are made, when an image has to be built or looked for.",
  variables: {
    COMFY_ENDPOINTS_IMAGE_BUILD_BACKEND:
      "Who builds an image that no registry has: `auto` (unless set), `local` (Docker here), `github_actions`, or `prebuilt` (nobody)",
    COMFY_ENDPOINTS_IMAGE_BUILD_TIMEOUT_SECONDS:
      "How long the registry may take to show an image that was built, 1800 unless set",
    COMFY_ENDPOINTS_IMAGE_BUILD_POLL_SECONDS: "Time between two looks, 15 unless set",
    GHCR_USERNAME:
      "Login for ghcr.io, with `GHCR_TOKEN`: images are pushed with it, and pods pull with it; without them Docker's own login pushes",
    GHCR_TOKEN: "A token of that user that may read packages, and write them to build",
    GITHUB_TOKEN:
      "Token that GitHub Actions is asked with; for ghcr.io too when nothing else is known. For `imageBuildWorkflow` Pulumi's GitHub provider takes it from the environment, and from no file",
    GITHUB_REPOSITORY: "Repository whose workflow builds images: `owner/name`",
    COMFY_ENDPOINTS_GHA_WORKFLOW: "File of that workflow in `.github/workflows`, `build_golden_image.yml` unless set",
    COMFY_ENDPOINTS_GHA_REF: "Branch or tag that is built, `main` unless set. It must have the files that are here",
    COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS: "How long a build there may take, 1800 unless set",
    COMFY_ENDPOINTS_GHA_POLL_SECONDS: "Time between two looks at it, 10 unless set",
    GITHUB_API_URL: "GitHub's API, `https://api.github.com` unless set; GitHub Enterprise has its own",
    DOCKER_HOST:
      "Where Docker's daemon is, as for Docker; Pulumi's Docker provider finds it there or at the usual sockets, and follows no context",
    DOCKER_CONTEXT: "Docker's context, as for Docker; it must lead to a daemon that the provider finds, too",
    DOCKER_CONFIG: "Folder of Docker's own configuration, as for Docker",
    DOCKER_BUILDKIT: "`0` has Docker build with its classic builder, as for Docker",
    COMFY_PLUGINS_JSON: "A build argument of the golden image: its packs of nodes",
    COMFYUI_REPO: "A build argument of the image below it: where ComfyUI comes from",
    COMFYUI_REF: "A build argument of the image below it: ComfyUI's commit",
  },
};

const pod: Group = {
  title: "In the pod, set by the deployment",
  about:
    "Each is made from `app.json` or the stack's config; a text too long for one variable is split over `<NAME>_GZ_0`, `<NAME>_GZ_1`, …",
  variables: {
    COMFY_ENDPOINTS_APP_ID: "The app's id",
    COMFY_ENDPOINTS_API_KEY:
      "The endpoint's first key. Set in the app's `env` it wins over a generated one; keys that ship in samples are refused",
    COMFY_ENDPOINTS_WEBHOOK_SECRET: "What webhooks are signed with: `whsec_` and base64, several with blanks between",
    COMFY_ENDPOINTS_CONTRACT_JSON: "The contract",
    COMFY_ENDPOINTS_WORKFLOW_JSON: "The workflow",
    COMFY_ENDPOINTS_APP_ARTIFACTS_JSON: "Models and packs of nodes to fetch",
    COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS:
      "Longest run time of a job; `none`, `inf`, `infinite`, 0 or less is no limit",
    COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "Largest body of `POST /run`",
    COMFY_ENDPOINTS_MAX_UPLOAD_MB: "Largest upload",
    COMFY_ENDPOINTS_WATCH_PATHS: "Folders whose large files move to the volume, with commas between",
    COMFY_ENDPOINTS_MIN_FILE_SIZE_MB: "Files below this size stay where they are",
    COMFY_ENDPOINTS_SYMLINK_TARGETS: "Folders that are links to the volume, with commas between",
    COMFY_ENDPOINTS_IDLE_STOP_MINUTES: "Minutes without use after which the pod stops itself, 0 for never",
    COMFY_ENDPOINTS_WARM_UP_JSON: "Inputs of the run that warms the endpoint up",
    COMFY_ENDPOINTS_RENTAL: "Tells which request rented the pod; nobody sets it by hand",
    RUNPOD_POD_ID: "Set by RunPod: the pod's id",
  },
};

const gateway: Group = {
  title: "In the pod, yours to set",
  about: "Put them in the app's `env`, or in the environment of `npm run gateway`, where its flags win over them.",
  variables: {
    COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE: "Requests a minute for each key, 0 (as when not set) for no limit",
    COMFY_ENDPOINTS_CORS_ORIGINS:
      "Sites whose pages may call the endpoint, with commas between, or `*`; none unless set",
    COMFY_ENDPOINTS_JOB_RETENTION_DAYS: "Days that ended jobs are kept, 30 unless set, 0 for ever",
    COMFY_ENDPOINTS_FILE_TTL_HOURS: "Hours that files are kept, 168 unless set, 0 for ever",
    COMFY_ENDPOINTS_FILE_QUOTA_MB: "Most that all files take, 0 (as when not set) for no limit",
    COMFY_START_COMMAND:
      "How ComfyUI is started in place of the image's way; a command of a POSIX shell. Its input, output and temp folders are those in `/opt/comfy`, where `/opt/comfy_endpoints/comfyui` has them otherwise",
    COMFY_ENDPOINTS_CACHE_ROOT: "Where the volume is mounted, `/cache` unless set",
    COMFY_ENDPOINTS_CACHE_MODEL_ROOT: "Where models are kept, `<cache>/models` unless set",
    COMFY_ENDPOINTS_COMFY_MODELS_ROOT: "ComfyUI's folder of models, `/opt/comfy/models` unless set",
    COMFY_ENDPOINTS_STATE_DB:
      "The database of jobs; files lie beside it. Below the volume, in a folder of the pod, unless set",
    COMFY_ENDPOINTS_GATEWAY_PORT: "Port of the gateway behind nginx, 3000 unless set",
    COMFY_ENDPOINTS_CONTRACT_PATH: "File with the contract, when the variable with its text is not set",
    COMFY_ENDPOINTS_WORKFLOW_PATH: "File with the workflow, when the variable with its text is not set",
    COMFY_ENDPOINTS_INPUTS_DIR: "Set for ComfyUI by the gateway: the folder that our nodes may read from",
  },
};

const machine: Group = {
  title: "On your machine",
  about: "For this repository's commands.",
  variables: {
    COMFY_ENDPOINTS_CACHE_DIR: "Where the engine and Python packages are kept, your user's cache folder unless set",
    COMFY_ENDPOINTS_ENGINE_DIR: "A folder with a `pulumi` to use; else the one on PATH, or one that is built",
    COMFY_ENDPOINTS_PUBLIC_PORT: "Where the local stack's nginx listens, 18080 unless set. It chooses no port of a pod",
    COMFY_ENDPOINTS_NODE_IMAGE: "Image with Node that the local stack's gateway runs in",
    COMFY_ENDPOINTS_NGINX_IMAGE: "Image of the local stack's nginx",
    COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: "Set by the local RunPod: the folder that stands for a pod's `/`",
    COMFY_ENDPOINTS_LOCAL_PORTS: "Set by the local RunPod: which ports of the machine stand for a pod's",
  },
};

const retired: Group = {
  title: "Without meaning",
  about: "Variables of the original system that do nothing now. The gateway warns when one that it knew is set.",
  variables: {
    COMFY_ENDPOINTS_OUTPUT_POLL_SECONDS: "ComfyUI's events tell when a prompt ends",
    COMFY_ENDPOINTS_ARTIFACT_GRACE_SECONDS: "Outputs are there when their prompt ends",
    COMFY_ENDPOINTS_ARTIFACTS_DIR: "Outputs are kept beside the database: see `COMFY_ENDPOINTS_STATE_DB`",
  },
};

export const environmentVariables: readonly Group[] = [deployment, images, pod, gateway, machine, retired];
