import { findLogin, type LoginSources } from "./login.ts";
import { createRegistry, type Registry } from "./registry.ts";

/** Registries, asked with whatever login is known, and with some patience. */
export const openRegistry = (sources: LoginSources): Registry =>
  createRegistry({
    login: (registry) => findLogin(registry, sources),
    timeoutMs: 20_000,
    retryDelaysMs: [500, 1000, 2000],
  });
