// Serves the schema at POST /api/graphql/query on a free port of loopback. Usage: node server.mjs FOLDER
// FOLDER/address is written when it answers.
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createHandler } from "graphql-http/lib/use/http";
import { rootValue, schema } from "./schema.mjs";

const folder = process.argv[2];
const graphql = createHandler({ schema, rootValue });

const server = createServer((request, response) => {
  if (request.url === "/api/graphql/query" && request.method === "POST") return graphql(request, response);
  response.writeHead(404).end();
});

server.listen(0, "127.0.0.1", () => {
  const address = join(folder, "address");
  writeFileSync(`${address}.new`, `http://127.0.0.1:${server.address().port}`);
  renameSync(`${address}.new`, address);
});
