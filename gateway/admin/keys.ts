import type { KeyRegistration, KeyView, Scope } from "../../contract/api.ts";
import type { Database } from "../db.ts";

/** Another key has the hash already. */
export class KeyConflict extends Error {
  constructor() {
    super("another key has that hash");
  }
}

/** The keys beside the endpoint's first one: names, hashes and scopes. What they open, only their owners know. */
export interface KeyStore {
  /** In the order of their names. */
  list(): readonly KeyView[];
  /**
   * Makes a key, or gives the one of that name another hash and other scopes.
   * @returns whether it is new
   * @throws {KeyConflict} when another key has the hash
   */
  put(name: string, key: KeyRegistration): Promise<{ key: KeyView; isNew: boolean }>;
  /** @returns false when there is none of that name */
  remove(name: string): Promise<boolean>;
}

export function createKeyStore(database: Database): KeyStore {
  const select = database.prepare("SELECT name, sha256, scopes, created_at FROM keys ORDER BY name");
  const owner = database.prepare("SELECT name FROM keys WHERE sha256 = ?");
  const upsert = database.prepare(
    `INSERT INTO keys (name, sha256, scopes, created_at) VALUES (:name, :sha256, :scopes, :now)
     ON CONFLICT (name) DO UPDATE SET sha256 = :sha256, scopes = :scopes`,
  );
  const remove = database.prepare("DELETE FROM keys WHERE name = ?");

  const read = (): KeyView[] =>
    select.all().map((row) => ({
      name: String(row["name"]),
      sha256: String(row["sha256"]),
      scopes: String(row["scopes"]).split(" ") as Scope[],
      created_at: String(row["created_at"]),
    }));
  // Every request is checked against them. A key counts as revoked when that is on disk, not before.
  let keys = read();

  return {
    list: () => keys,
    put: async (name, { sha256, scopes }) => {
      const isNew = await database.commit(() => {
        const other = owner.get(sha256)?.["name"];
        if (other !== undefined && other !== name) throw new KeyConflict();
        const before = read().some((key) => key.name === name);
        upsert.run({ name, sha256, scopes: scopes.join(" "), now: new Date().toISOString() });
        return !before;
      });
      keys = read();
      const key = keys.find((each) => each.name === name);
      // Revoked in the same moment: the hash is what was put, and no request passes with it.
      return { key: key ?? { name, sha256, scopes, created_at: new Date().toISOString() }, isNew };
    },
    remove: async (name) => {
      const { changes } = await database.commit(() => remove.run(name));
      keys = read();
      return changes === 1;
    },
  };
}
