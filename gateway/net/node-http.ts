/**
 * Node's HTTP, by another way than `import`: that would read every name the module has, and with the first of them Node loads
 * all of its `fetch`, which costs a start more than Express does.
 */
export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule("node:http");
