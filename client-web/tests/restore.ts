/**
 * How long a person waits who comes back on an empty device: `cargo xtask bench restore [MESSAGES [SPACES]]`.
 *
 * Prints; never fails on a time. A therapist with that many conversations signs in to an empty browser; server and
 * browser are on this machine. The page's CPU is slowed four times; Chromium cannot slow the worker in which the core
 * runs, so what the core takes is also printed as it would be if it were slowed as well. The split is taken inside the
 * worker: what the core was at work (by function, when its code has names), what it waited for the disk, and the rest.
 */

import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { pressedToPaint } from './harness/meter';
import { DESKTOP } from './harness/person';
import { type Identity, PRACTICE, THERAPIST } from './harness/steps';
import { Terminal } from './harness/terminal';
import { en } from './harness/words';
import { splitOf, withClocks } from './harness/split';
import { closeBrowser, World } from './harness/world';

const CPU_SLOWDOWN = 4;
const [MESSAGES = 10_000, SPACES = 40] = process.argv.filter((word) => /^\d+$/.test(word)).map(Number);
const ROUNDS = 2;
/** Terminals that write at once. */
const WRITERS = 2;
const newest = 'The newest of all that was written.';

function client(n: number): Identity {
  return { name: `Client ${n}`, handle: `client${n}`, password: `a copper kettle hums beside window ${n}` };
}

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${n}. ${'Something was a little easier today. '.repeat(n % 7)}`);
}

/** Half of everything is in one conversation, the rest spread over the others; the last word is in the first. */
async function writeHistory(setupLink: string): Promise<void> {
  const from = performance.now();
  await Terminal.with(THERAPIST, async (mara) => {
    await mara.arrive('setup', setupLink, '--practice', PRACTICE);
    const invitations: string[] = [];
    for (let n = 0; n < SPACES; n += 1) invitations.push(await mara.run(['invite']));
    const long = Math.floor(MESSAGES / 2);
    const short = SPACES > 1 ? Math.floor((MESSAGES - long) / (SPACES - 1)) : 0;
    const rest = MESSAGES - long - short * Math.max(0, SPACES - 2);
    const counts = invitations.map((_, n) => (n === 0 ? long - 1 : n === 1 ? rest : short));
    await Terminal.with(client(0), async (first) => {
      await first.arrive('join', invitations[0] ?? '');
      let next = 1;
      const others = Array.from({ length: WRITERS }, async () => {
        for (let n = next++; n < SPACES; n = next++) {
          await Terminal.with(client(n), async (other) => {
            await other.arrive('join', invitations[n] ?? '');
            await other.sendLines(lines(counts[n] ?? 0));
          });
        }
      });
      await Promise.all([...others, first.sendLines(lines(counts[0] ?? 0))]);
      await mara.run(['sync']);
      await first.run(['send', newest]);
    });
    // So that another device has seen it all, but for the last word.
    await mara.run(['sync']);
  });
  console.log(`${MESSAGES} messages in ${SPACES} conversations written in ${seconds(performance.now() - from)}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function signIn(page: Page): Promise<number[]> {
  await page.getByLabel(en('field.handle'), { exact: true }).fill(THERAPIST.handle);
  await page.getByLabel(en('field.password'), { exact: true }).fill(THERAPIST.password);
  const readable = { selector: 'main', text: newest };
  const everything = {
    selector: '[role=status]',
    text: en('signIn.restored', { count: MESSAGES.toLocaleString('en') }),
  };
  return pressedToPaint(page, [readable, everything], () =>
    page.getByRole('button', { name: en('signIn.do'), exact: true }).press('Enter'),
  );
}

async function measure(world: World): Promise<void> {
  await writeHistory(world.server.setupLink);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const device = await world.person({ viewport: DESKTOP });
    const session = await device.context.newCDPSession(device.page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
    await device.goto('/');
    const [readable = NaN, complete = NaN] = await signIn(device.page);
    const split = await splitOf(device.page);
    console.log(
      `\nround ${round}: newest message readable after ${seconds(readable)}, all here after ${seconds(complete)}`,
    );
    for (const [what, ms] of Object.entries(split)) console.log(`  ${what.padEnd(44)} ${seconds(ms).padStart(8)}`);
    const slower = complete + (CPU_SLOWDOWN - 1) * (split['the core at work'] ?? 0);
    console.log(`  all here, were the worker slowed ${CPU_SLOWDOWN} times too  ${seconds(slower).padStart(8)}`);
    await device.context.close();
  }
}

const app = process.env['SOTTO_WEB_DIR'] ?? fileURLToPath(new URL('../dist', import.meta.url));
await withClocks(app, (folder) => World.with(measure, '--web', folder));
await closeBrowser();
