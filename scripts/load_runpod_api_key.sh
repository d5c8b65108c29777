# Exports RUNPOD_API_KEY from the macOS keychain. Source it:  . scripts/load_runpod_api_key.sh
#
# Put the key there once:
#   security add-generic-password -a "$USER" -s COMFY_ENDPOINTS_RUNPOD_API_KEY -w
#
# COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_ACCOUNT and COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_SERVICE name another entry. A key that is
# set already stays.

comfy_endpoints_load_runpod_api_key() {
  [ -z "${RUNPOD_API_KEY:-}" ] || return 0
  local account="${COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_ACCOUNT:-${USER:-}}"
  local service="${COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_SERVICE:-COMFY_ENDPOINTS_RUNPOD_API_KEY}"
  local key
  if ! command -v security >/dev/null 2>&1; then
    echo "error: there is no macOS keychain here; set RUNPOD_API_KEY, or write it to .env.local" >&2
    return 1
  fi
  if ! key="$(security find-generic-password -w -a "$account" -s "$service" 2>/dev/null)" || [ -z "$key" ]; then
    echo "error: the keychain has no password \"$service\" of account \"$account\"; add it: security add-generic-password -a \"$account\" -s \"$service\" -w" >&2
    return 1
  fi
  export RUNPOD_API_KEY="$key"
}

if comfy_endpoints_load_runpod_api_key; then
  unset -f comfy_endpoints_load_runpod_api_key
else
  unset -f comfy_endpoints_load_runpod_api_key
  # Sourced, it must not end the shell.
  return 1 2>/dev/null || exit 1
fi
