/** What a hub says of a file before it is fetched. */
export interface SourceFacts {
  sizeBytes?: number | undefined;
  /** Hex. */
  sha256?: string | undefined;
  /** What the file was at that moment, such as a commit: names the same bytes for ever. */
  revision?: string | undefined;
}

/** Looks a header of an answer up, whatever its case; null when there is none. */
export type HeaderLookup = (name: string) => string | null;

/** A site that files are published on, and that says more of them than plain HTTP does. */
export interface Hub {
  name: string;
  /** Where its token may go, and nowhere else. */
  origin: string;
  /** Environment variables that its token is taken from; the first that is set wins. */
  tokenVariables: readonly [string, ...string[]];
  /** The address of the file itself, for the one of its page. */
  fileUrl(url: URL): URL;
  /** The address of the same bytes for ever. */
  pinned(url: URL, revision: string): URL;
  /** What the headers of its first answer say. */
  headerFacts(header: HeaderLookup): SourceFacts;
  /** Where it describes the file in JSON, when headers say too little. */
  descriptionUrl?(url: URL): URL | undefined;
  /** What that description says. */
  describedFacts?(url: URL, description: unknown): SourceFacts;
  /** Where somebody gets access to the file. */
  accessPage(url: URL): string;
}
