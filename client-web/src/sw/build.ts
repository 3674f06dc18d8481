/**
 * Builds the service worker after the app, because it has to name the app's files.
 *
 * Owns `sw.js` of the build. Refuses to know what the files are. Invariant: it names every file of the build that a
 * page may ask for, and changes whenever one of them does, so that browsers notice a new version.
 */

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'vite';

const ENTRY = join(import.meta.dirname, 'sw.ts');
/** What is no part of the app: the build's own lists, compressed copies, maps, and the worker itself. */
const APART = /^\/\.|\.br$|\.map$|^\/sw\.js$/;

export function serviceWorker(): Plugin {
  let folder = '';
  return {
    name: 'sotto-service-worker',
    apply: 'build',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    // When everything is on disk, what is copied without being built included.
    async closeBundle() {
      const { files, version } = await shell(folder);
      await build({
        configFile: false,
        publicDir: false,
        logLevel: 'warn',
        define: { __SHELL__: JSON.stringify(files), __VERSION__: JSON.stringify(version) },
        build: {
          outDir: folder,
          emptyOutDir: false,
          copyPublicDir: false,
          // One script and no module: not every browser runs modules there.
          rollupOptions: { input: ENTRY, output: { format: 'iife', entryFileNames: 'sw.js' } },
        },
      });
    },
  };
}

/** The addresses of a build's files, and a hash over their names and contents. */
export async function shell(folder: string): Promise<{ files: string[]; version: string }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, address: `/${relative(folder, path).split(sep).join('/')}` }))
    .filter(({ address }) => !APART.test(address))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  const hash = createHash('sha256');
  for (const { path, address } of paths)
    hash
      .update(address)
      .update('\0')
      .update(await readFile(path));
  const files = paths.map(({ address }) => (address === '/index.html' ? '/' : address));
  return { files, version: hash.digest('hex').slice(0, 16) };
}
