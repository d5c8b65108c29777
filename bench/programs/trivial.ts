/** The least that a program with a dynamic resource can be. */
import * as pulumi from "@pulumi/pulumi";

class TrivialProvider implements pulumi.dynamic.ResourceProvider {
  create() {
    return Promise.resolve({ id: "trivial", outs: {} });
  }
}

class Trivial extends pulumi.dynamic.Resource {
  constructor(name: string) {
    super(new TrivialProvider(), name, {}, {}, "bench", "Trivial");
  }
}

export const { id } = new Trivial("trivial");
