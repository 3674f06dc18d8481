/**
 * The engine's worker of a page, as a test gets at it.
 *
 * Owns changing what a browser gives to workers: scripts that a test adds to pages don't run there. The worker's own
 * script stays what the server sent; something is put in front of it.
 */

import type { Page, Worker } from 'playwright-core';
import type { Person } from './person';

/** Where the build puts the engine's worker. */
const WORKER = /\/assets\/main-[^/]+\.js$/;

/** Runs this before anything else, in every page and every worker of somebody's. Service workers must be blocked. */
export async function beforeAllElse(person: Person, script: string): Promise<void> {
  await person.context.addInitScript(script);
  await person.context.route(WORKER, async (route) => {
    const response = await route.fetch();
    const { 'content-encoding': _, ...headers } = response.headers();
    await route.fulfill({ response, headers, body: `${script};\n${await response.text()}` });
  });
}

/** Sets a device's clock, as pages and workers see it, so much ahead, or behind. */
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

/** The worker of a page, once it runs. */
export async function workerOf(page: Page): Promise<Worker> {
  return page.workers()[0] ?? page.waitForEvent('worker');
}

/** Lets an exception go uncaught in the worker of a page, and waits until there is another worker. */
export async function crash(page: Page): Promise<void> {
  const worker = await workerOf(page);
  const next = page.waitForEvent('worker');
  await worker.evaluate(
    () =>
      void setTimeout(() => {
        throw new Error('on purpose');
      }),
  );
  await next;
}
