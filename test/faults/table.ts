import { type Cell, cellLabel, type FaultName, faultNames, faultsOf } from "./matrix.ts";
import { type Operation, operationLabel } from "./operations.ts";

/**
 * Operation × fault, both endings in one: `ok`, `FAIL`, `-` where nothing ran, a blank where there is no cell.
 * @param ran the cells that ran
 * @param passed by a cell's label
 */
export function resultTable(operations: Operation[], ran: Cell[], passed: (label: string) => boolean): string {
  const stateOf = (operation: Operation, fault: FaultName): string => {
    if (!faultsOf(operation).includes(fault)) return "";
    const label = operationLabel(operation);
    const cells = ran.filter((cell) => operationLabel(cell.operation) === label && cell.fault === fault);
    if (cells.length === 0) return "-";
    return cells.every((cell) => passed(cellLabel(cell))) ? "ok" : "FAIL";
  };
  const head = ["", ...faultNames.map((_, at) => String(at + 1))];
  const rows = operations.map((operation) => [
    operationLabel(operation),
    ...faultNames.map((fault) => stateOf(operation, fault)),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  "));
  const legend = faultNames.map((fault, at) => `${String(at + 1).padStart(2)} ${fault}`);
  return [...legend, ...lines].map((line) => line.trimEnd()).join("\n");
}
