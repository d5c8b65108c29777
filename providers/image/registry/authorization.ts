import { z } from "zod";
import { UserError } from "../../../contract/errors.ts";
import type { ImageRef } from "../image-ref.ts";
import { isLoopback } from "./address.ts";
import { parseChallenge } from "./challenge.ts";
import type { Login } from "./login.ts";
import { type SendOptions, send } from "./send.ts";

const tokenAnswer = z
  .object({ token: z.string().optional(), access_token: z.string().optional() })
  .transform(({ token, access_token }) => token ?? access_token);

/**
 * What to send as `Authorization` after a 401: the login itself, or a token to pull this repository with, which nobody in
 * particular gets as well where images are public.
 * @param challenges the registry's `WWW-Authenticate`
 * @returns the status when it is refused
 */
export async function authorization(
  challenges: string | null,
  image: ImageRef,
  login: Login | undefined,
  options: SendOptions,
): Promise<{ header: string } | { refused: number }> {
  const challenge = parseChallenge(challenges);
  if (challenge?.scheme === "bearer") return bearer(challenge.parameters, image, login, options);
  if (challenge === undefined || login === undefined || !("password" in login)) return { refused: 401 };
  return { header: basic(login) };
}

async function bearer(
  { realm = "", service }: Readonly<Record<string, string>>,
  { registry, repository }: ImageRef,
  login: Login | undefined,
  options: SendOptions,
): Promise<{ header: string } | { refused: number }> {
  const address = tokenAddress(realm, registry);
  const scope = `repository:${repository}:pull`;
  const response = await send(
    ...tokenRequest(address, { ...(service !== undefined && { service }), scope }, login),
    options,
  );
  if (response.ok) {
    const token = tokenAnswer.safeParse(await response.json().catch(() => undefined)).data;
    if (token !== undefined) return { header: `Bearer ${token}` };
    throw new UserError(`${address.host} answers with no token; is it the token server of ${registry}?`);
  }
  const { status } = response;
  await response.body?.cancel();
  if (status === 401 || status === 403) return { refused: status };
  throw new UserError(
    `${address.host} answers HTTP ${status} to a request for a token of ${registry}; try again later`,
  );
}

function tokenAddress(realm: string, registry: string): URL {
  if (!URL.canParse(realm)) throw new UserError(`${registry} names "${realm}" as its token server, which is no URL`);
  const address = new URL(realm);
  // A login is sent there.
  if (address.protocol === "https:" || (address.protocol === "http:" && isLoopback(address.hostname))) return address;
  throw new UserError(`${registry} names ${address.origin} as its token server, where a login could be overheard`);
}

/** Identity tokens are exchanged as OAuth2 has it, all else by asking with a login or without one. */
function tokenRequest(address: URL, query: Record<string, string>, login: Login | undefined): [URL, RequestInit] {
  if (login !== undefined && "identityToken" in login) {
    const grant = { grant_type: "refresh_token", client_id: "comfy-endpoints", refresh_token: login.identityToken };
    return [address, { method: "POST", body: new URLSearchParams({ ...query, ...grant }) }];
  }
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return [url, { headers: login === undefined ? {} : { authorization: basic(login) } }];
}

const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
