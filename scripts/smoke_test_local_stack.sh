#!/usr/bin/env bash
# Runs gateway, nginx and a stand-in for ComfyUI on this machine, and a job through them: as containers where Docker and
# its compose are, else as processes. COMFY_ENDPOINTS_PUBLIC_PORT (18080) says where nginx listens.
set -euo pipefail
exec node "$(dirname "${BASH_SOURCE[0]}")/run.js" stack "$@"
