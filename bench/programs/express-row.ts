/** A bare Express route that writes one row, safely on disk when it answers. Arguments: the database, the port. */
import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import express from "express";

const [path = "", port = ""] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
database.exec("CREATE TABLE jobs (job_id TEXT PRIMARY KEY, inputs TEXT, created_at TEXT)");
const insert = database.prepare("INSERT INTO jobs VALUES (?, ?, ?)");

const app = express();
app.post("/run", express.json(), (request, response) => {
  const id = randomUUID();
  insert.run(id, JSON.stringify(request.body), new Date().toISOString());
  response.status(202).json({ job_id: id, state: "queued" });
});
app.listen(Number(port), "127.0.0.1");
