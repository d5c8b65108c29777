#!/bin/sh
# Keeps nginx alive and becomes the gateway, which starts everything else. tini before it hands on signals and buries
# orphans.
set -eu

cache=${COMFY_ENDPOINTS_CACHE_ROOT:-/cache}

# Mounted volumes belong to root. Where they can be given away, nothing below runs as root. chown does a folder after all
# that is in it: one that is given away is not walked through again.
give_away() {
  mkdir -p "$cache" &&
    find "$cache" -maxdepth 1 ! -user comfy -prune -exec chown -hR comfy:comfy {} + &&
    setpriv --reuid=comfy --regid=comfy --init-groups test -w "$cache"
}

if [ "$(id -u)" = 0 ]; then
  if give_away; then
    export HOME=/home/comfy
    exec setpriv --reuid=comfy --regid=comfy --init-groups --inh-caps=-all --no-new-privs "$0"
  fi
  echo "$cache cannot be given to another user: everything runs as root" >&2
fi

# Ends with the container. When nginx was killed, what it leaves behind would keep its port.
keep_nginx() {
  while :; do
    setsid nginx -e stderr -g "daemon off;" -c /opt/comfy_endpoints/docker/nginx.conf &
    wait "$!" || true
    kill -s KILL -- "-$!" 2> /dev/null || true
    sleep 1
  done
}

mkdir -p /tmp/nginx
keep_nginx &
exec node /opt/comfy_endpoints/gateway/main.js
