import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { type Route, type RouteName, routes } from "../../contract/api.ts";
import { jsonMutations } from "./mutations/documents.ts";
import { formMutations } from "./mutations/forms.ts";
import { framingMutations } from "./mutations/framings.ts";
import { headMutations } from "./mutations/heads.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { paceMutations } from "./mutations/paces.ts";
import { targetMutations } from "./mutations/targets.ts";
import { requestOf } from "./requests.ts";
import type { Message } from "./wire/message.ts";

/** A request that is generated. */
export interface Case {
  route: RouteName;
  message: Message;
  /** Whether a mutation made something else of it. */
  isChanged: boolean;
}

/** Requests of one kind: of a route as the table has it, or with one mutation. */
export interface Cell {
  name: string;
  cases: fc.Arbitrary<Case>;
  /** What must be true of one of them at least, that the kind counts as tried: of a route it got what it asked for. */
  proof: "success" | "change" | "answer";
  isSlow: boolean;
}

/** Routes that the gateway of the run cannot serve, and why. */
const unserved: Partial<Record<RouteName, string>> = {
  pruneModels: "only a gateway that starts its ComfyUI itself keeps models",
};

const mutations: readonly Mutation[] = [
  ...[...paceMutations, ...framingMutations, ...targetMutations, ...headMutations, ...jsonMutations, ...formMutations],
];

/** Every route and every mutation; those first that take long. */
export function allCells(): Cell[] {
  const ofMutations = mutations.map(({ name, fits = () => true, change, isSlow = false }): Cell => {
    const fitting = Object.entries<Route>(routes).filter(([, route]) => fits(route));
    const names = fitting.map(([route]) => route as RouteName);
    const cases = fc.constantFrom(...names).chain((route) =>
      fc.tuple(requestOf(route), change).map(([plain, changed]) => {
        const message = changed(plain, routes[route]);
        return { route, message, isChanged: !isDeepStrictEqual(plain, message) };
      }),
    );
    return { name, cases, isSlow, proof: "change" };
  });
  const ofRoutes = (Object.keys(routes) as RouteName[]).map((route): Cell => {
    const cases = requestOf(route).map((message) => ({ route, message, isChanged: false }));
    const proof = unserved[route] === undefined ? "success" : "answer";
    return { name: `route: ${route}`, cases, isSlow: false, proof };
  });
  return [...ofMutations, ...ofRoutes].sort((one, other) => Number(other.isSlow) - Number(one.isSlow));
}
