// esbuild plugins: imports of generated files, and of files inside packages, as asset addresses.

import { join } from "node:path";

/** `import url from "generated:base.pmtiles"`: a file made by the build. */
export function generated(place) {
  return {
    name: "generated",
    setup(build) {
      build.onResolve({ filter: /^generated:/ }, ({ path }) => ({
        path: join(place, path.slice("generated:".length)),
        namespace: "as-file",
      }));
      loadAsFile(build);
    },
  };
}

/** `import url from "package-file:maplibre-gl/dist/worker.mjs"`: a package's file, copied as it is. */
export function packageFiles(root) {
  return {
    name: "package-files",
    setup(build) {
      build.onResolve({ filter: /^package-file:/ }, ({ path }) => ({
        path: join(root, "node_modules", path.slice("package-file:".length)),
        namespace: "as-file",
      }));
    },
  };
}

function loadAsFile(build) {
  build.onLoad({ filter: /.*/, namespace: "as-file" }, async ({ path }) => {
    const { readFile } = await import("node:fs/promises");
    return { contents: await readFile(path), loader: "file" };
  });
}
