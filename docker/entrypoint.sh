#!/bin/sh
# Starts nginx and becomes the gateway, which starts everything else. tini before it hands on signals and buries orphans.
set -eu

cache=${COMFY_ENDPOINTS_CACHE_ROOT:-/cache}

# Mounted volumes belong to root. Where they can be given away, nothing below runs as root.
give_away() {
  mkdir -p "$cache" &&
    find "$cache" ! -user comfy -exec chown -h comfy:comfy {} + &&
    setpriv --reuid=comfy --regid=comfy --init-groups test -w "$cache"
}

if [ "$(id -u)" = 0 ]; then
  if give_away; then
    export HOME=/home/comfy
    exec setpriv --reuid=comfy --regid=comfy --init-groups --inh-caps=-all --no-new-privs "$0"
  fi
  echo "$cache cannot be given to another user: everything runs as root" >&2
fi

mkdir -p /tmp/nginx
# It goes to the background, and ends with the container.
nginx -e stderr -c /opt/comfy_endpoints/docker/nginx.conf
exec node /opt/comfy_endpoints/gateway/main.js
