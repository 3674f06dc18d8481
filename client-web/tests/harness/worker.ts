/**
 * The engine's worker of a page, as a test gets at it.
 *
 * Owns finding it, and letting it crash; and browsers in which there is no service worker beside it.
 */

import type { Page, Worker } from 'playwright-core';
import type { Person } from './person';

/** A browser without service workers, as some private windows are: what is asked for comes from the server. */
export async function withoutServiceWorker(person: Person): Promise<void> {
  await person.context.addInitScript(() => {
    ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('none', 'SecurityError'));
  });
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
