/** A bare Express app that says that it is there. Argument: the port. */
import express from "express";

const app = express();
app.get("/healthz", (_, response) => {
  response.json({ status: "ok" });
});
app.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
