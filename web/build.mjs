// Builds the console's pages into internal/console/static (or the folder given
// as --out=DIR). The same sources and the same lock file give the same bytes.
import { build, context } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const flag = process.argv.find((a) => a.startsWith("--out="));
const out = flag ? flag.slice("--out=".length) : join(here, "../internal/console/static");

const options = {
  absWorkingDir: here,
  entryPoints: [
    { in: "src/main.tsx", out: "app" },
    { in: "src/style.css", out: "app" },
  ],
  outdir: join(out, "assets"),
  bundle: true,
  format: "esm",
  target: ["chrome115", "firefox115", "safari16.4"],
  minify: true,
  charset: "utf8",
  legalComments: "none", // assets/licenses.txt has them whole
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
};

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });
for (const page of ["index.html", "signin.html"]) {
  await copyFile(join(here, "src", page), join(out, page));
}
await copyFile(join(here, "src/favicon.svg"), join(out, "assets/favicon.svg"));
await writeFile(join(out, "assets/licenses.txt"), await licenses());

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}

/** The licences of what is bundled, from the packages themselves. */
async function licenses() {
  const lock = JSON.parse(await readFile(join(here, "package-lock.json"), "utf8"));
  const bundled = Object.entries(lock.packages).filter(([path, p]) => path !== "" && !p.dev && !p.peer && !p.optional);
  const texts = [];
  for (const [path, p] of bundled.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const text = await readFile(join(here, path, "LICENSE"), "utf8");
    texts.push(`${path.replace("node_modules/", "")} ${p.version} (${p.license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(72)}\n\n`);
}
