import * as pulumi from "@pulumi/pulumi";

/**
 * Makes something once for each run of a program: a process that drives Pulumi by itself has several, one after the other.
 * @returns what was made for the run that goes on
 */
export function perStack<T>(make: () => T): () => T {
  const made = new WeakMap<pulumi.Resource, T>();
  return () => {
    const stack = pulumi.runtime.getStackResource();
    if (stack === undefined) throw new Error("this belongs into a Pulumi program");
    const known = made.get(stack) ?? make();
    made.set(stack, known);
    return known;
  };
}
