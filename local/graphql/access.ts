import type { IncomingHttpHeaders } from "node:http";
import { type DocumentNode, Kind, type OperationDefinitionNode } from "graphql";

export type Access = "full" | "open" | "refused";

/**
 * Who asks. The header and `?api_key=` both work at RunPod; the header is taken first.
 * @param isKey whether a key opens the account: its own one, or one of a running pod
 */
export function accessOf(
  headers: IncomingHttpHeaders,
  query: { api_key?: unknown },
  isKey: (key: string) => boolean,
): Access {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const key = bearer ?? (typeof query.api_key === "string" ? query.api_key : undefined);
  if (key === undefined) return "open";
  return isKey(key) ? "full" : "refused";
}

// Work without credentials (vendor's clients).
const openFields = new Set(["gpuTypes", "dataCenters", "__typename"]);

export const isOpen = (rootFields: readonly string[]): boolean => rootFields.every((field) => openFields.has(field));

/** The operation that is meant: the named one, or the only one. */
export function operationOf(document: DocumentNode, name: string | undefined): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (name === undefined) return operations.length === 1 ? operations[0] : undefined;
  return operations.find((operation) => operation.name?.value === name);
}

/** Names of the fields at its root, not of their aliases; fragments at the root are not looked into. */
export const rootFieldsOf = (operation: OperationDefinitionNode): string[] =>
  operation.selectionSet.selections.flatMap((selection) => (selection.kind === Kind.FIELD ? selection.name.value : []));
