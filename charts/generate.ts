/** `npm run charts`: writes values.yaml, its schema and the README's table. `--check` writes nothing and fails where one differs. */
import { readFileSync, writeFileSync } from "node:fs";
import { generateFiles } from "./files.ts";

const isCheck = process.argv.includes("--check");
const read = (url: URL): string | undefined => {
  try {
    return readFileSync(url, "utf8");
  } catch {
    // A file that is not there is one that differs.
    return undefined;
  }
};
const stale = (await generateFiles()).filter(({ url, text }) => read(url) !== text);
for (const { url, text } of isCheck ? [] : stale) writeFileSync(url, text);
if (isCheck && stale.length > 0) {
  const names = stale.map(({ url }) => url.pathname.split("/charts/").at(-1)).join(", ");
  process.stderr.write(`behind charts/values: ${names}. Run: npm run charts\n`);
  process.exitCode = 1;
}
