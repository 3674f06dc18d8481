/**
 * The web app as it was built, with something changed: for what a browser gives no test a hold of.
 *
 * Owns copies of the build, which a server takes with `--web`. Scripts that a test adds to pages don't run in workers, and
 * a worker whose script a test answers for has no origin; so what is to be different there comes from the server.
 */

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `npm run build` left. */
export const DIST = process.env['SOTTO_WEB_DIR'] ?? fileURLToPath(new URL('../../dist', import.meta.url));

export class App {
  private constructor(readonly folder: string) {}

  static async copy(): Promise<App> {
    const folder = await mkdtemp(join(tmpdir(), 'sotto-app-'));
    await cp(DIST, folder, { recursive: true });
    return new App(folder);
  }

  /** Puts a script in front of those whose path fits. */
  async before(path: RegExp, script: string): Promise<void> {
    const names = await readdir(this.folder, { recursive: true });
    const found = names.filter((name) => path.test(name));
    if (found.length === 0) throw new Error(`no file fits ${path}`);
    for (const name of found) {
      const file = join(this.folder, name);
      await writeFile(file, `${script}\n${await readFile(file, 'utf8')}`);
      await rm(`${file}.br`, { force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** For pages and workers: the device's clock is so much ahead, or behind. */
export function clockOff(ms: number): string {
  return `{
    const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...given) {
        if (given.length === 0) super(Right.now() + ${ms});
        else super(...given);
      }
      static now() { return Right.now() + ${ms}; }
    };
  }`;
}
