import { errorCodes, type Route, routes } from "../contract/api.ts";

export interface NginxPlace {
  /** Address and port, or only a port, that the public reaches. */
  listen: string;
  /** Host and port of the gateway. */
  gateway: string;
  /** Folder for what nginx writes down while it runs. */
  folder: string;
}

/** nginx's configuration: it hands to the gateway what the API's table lists, streams all of it, and refuses the rest. */
export function nginxConf({ listen, gateway, folder }: NginxPlace): string {
  return `# Made from contract/api.ts by scripts/nginx.ts; "npm test -- test/scripts/nginx.test.ts -u" makes it anew.
worker_processes 2;
pid ${folder}/nginx.pid;
error_log stderr warn;

events {
  worker_connections 1024;
}

http {
  access_log off;
  server_tokens off;
  default_type application/json;

  # All of them, or nginx looks for folders of a system account.
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;

  # Longer than RunPod's proxy waits: it should be the one that closes.
  keepalive_timeout 110s;
  client_header_timeout 30s;
  client_body_timeout 120s;
  send_timeout 120s;
  reset_timedout_connection on;

  upstream gateway {
    server ${gateway};
    keepalive 32;
  }

  server {
    listen ${listen};
    merge_slashes off;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_connect_timeout 5s;
    proxy_read_timeout 300s;
    proxy_send_timeout 300s;
    # A file passes through, in both directions, without being written down on its way.
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;

    # Of requests that have no body to speak of; the gateway has limits of its own for the others.
    client_max_body_size 64k;

    error_page 413 @too_large;
    error_page 502 504 =503 @not_ready;
    location @too_large {
      return 413 '{"error":"${errorCodes.payloadTooLarge}"}';
    }
    location @not_ready {
      add_header Retry-After 5 always;
      return 503 '{"error":"${errorCodes.notReady}","detail":"the gateway does not answer"}';
    }

    location / {
      return 404 '{"error":"${errorCodes.notFound}"}';
    }
${[...routesByPath()].map(([path, group]) => location(path, group)).join("")}  }
}
`;
}

function routesByPath(): Map<string, Route[]> {
  const byPath = new Map<string, Route[]>();
  for (const route of Object.values<Route>(routes)) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  return byPath;
}

function location(path: string, group: readonly Route[]): string {
  const methods = group.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  const streams = group.some(({ responses }) => Object.values(responses).includes("text/event-stream"));
  const hasBody = group.some(({ request }) => request !== undefined);
  const lines = [
    // A browser asks with OPTIONS what another site's page may do.
    `if ($request_method !~ ^(${[...methods, "OPTIONS"].join("|")})$) {`,
    `  add_header Allow "${methods.join(", ")}" always;`,
    `  return 405 '{"error":"${errorCodes.methodNotAllowed}"}';`,
    "}",
    ...(hasBody ? ["client_max_body_size 0;"] : []),
    ...(streams ? ["proxy_buffering off;"] : []),
    "proxy_pass http://gateway;",
  ];
  return `
    location ${pattern(path)} {
${lines.map((line) => `      ${line}\n`).join("")}    }
`;
}

/** @param path in Express form */
function pattern(path: string): string {
  if (!path.includes(":")) return `= ${path}`;
  return `~ ^${path.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`;
}
