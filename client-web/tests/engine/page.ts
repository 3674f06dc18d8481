/**
 * A page with the real engine and no app: what a test asks, it asks the port.
 *
 * Built for `tests/browser/engine.test.ts` alone.
 */

import { openPort } from '../../src/port/browser';
import type { AskKind, News, PortError, Status } from '../../src/port/port';

const port = openPort();
const news: News[] = [];
const waiting = new Set<() => void>();

port.listen((one) => {
  news.push(one);
  for (const look of [...waiting]) look();
});

/** Done when the predicate's answer is something; looked at with every piece of news. */
function until<T>(look: () => T | undefined): Promise<T> {
  return new Promise((resolve) => {
    const again = () => {
      const found = look();
      if (found === undefined) return;
      waiting.delete(again);
      resolve(found);
    };
    waiting.add(again);
    again();
  });
}

const engine = {
  news,
  async ask(kind: AskKind, ask: unknown): Promise<{ answer: unknown } | { code: string; detail: unknown }> {
    try {
      return { answer: await (port.ask as (kind: AskKind, ask: unknown) => Promise<unknown>)(kind, ask) };
    } catch (error) {
      const { code, detail } = error as PortError;
      return { code, detail };
    }
  },
  async status(wanted: Partial<Status>): Promise<Status> {
    const fits = (status: Status) =>
      Object.entries(wanted).every(([name, value]) => status[name as keyof Status] === value);
    const now = await port.ask('status');
    if (fits(now)) return now;
    return until(() => {
      const last = news.flatMap((one) => (one.kind === 'status' ? [one.status] : [])).at(-1);
      return last && fits(last) ? last : undefined;
    });
  },
  /** All texts of the first conversation, once there are so many and nothing waits. */
  async texts(count: number, waitingCount: number): Promise<string[]> {
    const read = async () => {
      const space = (await port.ask('spaces')).find((one) => one.members.length > 1);
      if (!space || space.total < count || space.waiting !== waitingCount) return undefined;
      const page = await port.ask('page', { space: space.id, start: 0, count: 1000 });
      return page.messages.map(({ body }) => (body.kind === 'text' ? body.text : `(${body.kind})`));
    };
    for (;;) {
      const heard = news.length;
      const texts = await read();
      if (texts) return texts;
      await until(() => (news.length > heard ? true : undefined));
    }
  },
};

export type Engine = typeof engine;
Object.assign(globalThis, { engine });
