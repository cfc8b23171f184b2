// Validates query documents against the schema. Usage: node validate.mjs FILE…
import { readFileSync } from "node:fs";
import { parse, validate } from "graphql";
import { schema } from "./schema.mjs";

const files = process.argv.slice(2);
let wrong = files.length === 0;
for (const file of files) {
  const errors = validate(schema, parse(readFileSync(file, "utf8")));
  for (const error of errors) console.error(`${file}: ${error.message}`);
  wrong ||= errors.length > 0;
}
process.exit(wrong ? 1 : 0);
