// schema.js SCHEMA FILE: whether a document is as a JSON Schema says.
"use strict";
const fs = require("fs");
const Ajv = require("ajv");
const formats = require("ajv-formats");

const [schema, file] = process.argv.slice(2).map((path) => JSON.parse(fs.readFileSync(path)));
const ajv = new Ajv({ allErrors: true, strict: false });
formats(ajv);
const validate = ajv.compile(schema);
if (!validate(file)) {
  for (const error of validate.errors.slice(0, 20)) {
    console.error(`${error.instancePath}: ${error.message}`);
  }
  process.exit(1);
}
