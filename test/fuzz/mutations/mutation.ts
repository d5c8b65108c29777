import fc from "fast-check";
import type { Route } from "../../../contract/api.ts";
import type { Message } from "../wire/message.ts";

/** A way to make something else of a request than the table has. */
export interface Mutation {
  name: string;
  /** Routes that it makes sense for; all unless told. */
  fits?: (route: Route) => boolean;
  change: fc.Arbitrary<(message: Message, route: Route) => Message>;
  /** Takes as long as the gateway has patience. */
  isSlow?: true;
}

/** A mutation that has one of some values in it. */
export const oneOf = <T>(
  values: fc.Arbitrary<T> | readonly T[],
  change: (message: Message, value: T, route: Route) => Message,
): Mutation["change"] => {
  const arbitrary = Array.isArray(values) ? fc.constantFrom(...(values as readonly T[])) : (values as fc.Arbitrary<T>);
  return arbitrary.map((value) => (message: Message, route: Route) => change(message, value, route));
};

export const hasJson = ({ request }: Route): boolean => request === "json";
export const hasBody = ({ request }: Route): boolean => request !== undefined;
/** Routes that take forms. */
export const hasForm = ({ path, method }: Route): boolean =>
  method === "POST" && (path === "/run" || path === "/files");
