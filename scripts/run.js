// The entry of every npm script and of cend. It imports nothing up front, so that even a Node that is far too old gets
// as far as saying so in one line.
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    `error: Node.js ${process.versions.node} is too old; install Node.js 20 or newer from https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  import("./setup/main.js").then(({ main }) => main(process.argv.slice(2)));
}
