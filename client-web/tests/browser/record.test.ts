/** Taking one's record along: the file that is made, opened without a network, against what was written. */

import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import {
  act,
  bubble,
  CLIENT,
  delivered,
  follow,
  goTo,
  join,
  openClient,
  openPractice,
  signIn,
  THERAPIST,
  write,
} from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, theBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const HOSTILE =
  '</script><script>document.title="taken over"</script><b onclick="alert(1)">\u202efdp.exe ' + 'w'.repeat(300);
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Entry {
  kind: string;
  author: string;
  state: string;
  text: string | null;
  earlier: { text: string }[];
  read: { by: string }[];
  held: { by: string }[];
}

interface RecordJson {
  subjects: string[];
  people: { account: string; name: string; me: boolean }[];
  conversations: { own: boolean; entries: Entry[]; log: { seq: number }[]; last: { seq: number } }[];
}

test('a client takes her record along, and reads it where there is no network', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'I slept well.');
    await write(rosa, HOSTILE);
    await write(rosa, 'nobody should read this');
    await delivered(rosa, 'nobody should read this');
    await act(rosa, 'nobody should read this', en('message.do.takeBack'));
    await rosa.page
      .getByRole('dialog')
      .getByRole('button', { name: en('message.do.takeBack') })
      .click();
    await rosa.page.getByText(en('message.takenBack.mine')).waitFor();
    await openClient(mara, CLIENT.name);
    await write(mara, 'Thank you.\nShall we bring it?');
    await act(mara, 'I slept well.', en('message.do.read'));
    await act(mara, 'I slept well.', en('message.do.hold'));
    await bubble(rosa, 'I slept well.').getByText(en('state.held')).waitFor();
    await bubble(rosa, 'Shall we bring it?').waitFor();

    await goTo(rosa, 'place.me');
    await follow(rosa, 'record.entry.do', 'record.title');
    await rosa.page.getByText(/4 messages with/).waitFor();
    await rosa.looksRight('taking the record along');
    await make(rosa, 'not her password');
    await rosa.page.getByRole('alert').getByText(en('error.wrong_password')).waitFor();
    const file = await made(rosa, CLIENT.password);
    await rosa.page
      .getByRole('status')
      .getByText(/record-\d{4}-\d\d-\d\d\.html/)
      .waitFor();
    await rosa.looksRight('the record is made');

    await reading(file, async (page, data) => {
      expect(await page.title()).toBe(`Record of ${CLIENT.name}`);
      const texts = ['I slept well.', HOSTILE, null, 'Thank you.\nShall we bring it?'];
      const [conversation] = data.conversations.filter((one) => !one.own);
      const messages = conversation!.entries.filter((entry) => entry.kind === 'message');
      expect(messages.map((entry) => entry.text)).toEqual(texts);
      const nameOf = (account: string) => data.people.find((one) => one.account === account)?.name;
      expect(messages.map((entry) => nameOf(entry.author))).toEqual([
        CLIENT.name,
        CLIENT.name,
        CLIENT.name,
        THERAPIST.name,
      ]);
      expect(messages[0]!.read.map(({ by }) => nameOf(by))).toEqual([THERAPIST.name]);
      expect(messages[0]!.held.map(({ by }) => nameOf(by))).toEqual([THERAPIST.name]);
      expect(conversation!.log.map(({ seq }) => seq)).toEqual(
        Array.from({ length: conversation!.last.seq }, (_, index) => index + 1),
      );
      // What is read is what is in it for programs: each message once, in its order, by whom.
      const articles = await page.getByRole('article').all();
      expect(articles.length).toBe(messages.length);
      for (const [index, article] of articles.entries()) {
        const { author, text } = messages[index]!;
        expect(await article.locator('.by').innerText()).toContain(nameOf(author));
        if (text === null) await article.getByText('Taken back by its author.').waitFor();
        else expect(await article.locator('> .text').textContent()).toBe(text);
      }
    });
    expect(await readFile(file, 'utf8')).not.toContain('nobody should read this');
  });
});

test('a therapist hands out the record of one client, from one day on', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'I slept well.');
    await delivered(rosa, 'I slept well.');
    await openClient(mara, CLIENT.name);
    await bubble(mara, 'I slept well.').waitFor();
    await mara.page.getByRole('link', { name: en('record.open'), exact: true }).click();
    await mara.page.getByRole('heading', { level: 1, name: `Record of ${CLIENT.name}` }).waitFor();
    await mara.page.getByText(en('record.notNotes')).waitFor();
    await mara.looksRight('a client’s record');
    const whole = await made(mara, THERAPIST.password);
    await reading(whole, async (page, data) => {
      expect(data.conversations.length).toBe(1);
      expect(data.people.find(({ account }) => account === data.subjects[0])?.name).toBe(CLIENT.name);
      expect(data.conversations[0]!.entries.filter(({ kind }) => kind === 'message').map(({ text }) => text)).toEqual([
        'I slept well.',
      ]);
      await page.getByText('My notes').waitFor();
    });
    // Tomorrow nothing has been written yet.
    const tomorrow = new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 10);
    await mara.page.getByLabel(en('record.from'), { exact: true }).fill(tomorrow);
    await reading(await made(mara, THERAPIST.password), async (page, data) => {
      expect(data.conversations[0]!.entries).toEqual([]);
      await page.getByText('Nothing was written here in this period.').waitFor();
    });
  });
});

test('on a computer that is not hers she is told before, and the file is made all the same', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'I slept well.');
    await delivered(rosa, 'I slept well.');
    const away = await world.person();
    await signIn(away, CLIENT, en, true);
    await bubble(away, 'I slept well.').waitFor();
    await goTo(away, 'place.me');
    await follow(away, 'record.entry.do', 'record.title');
    await away.page.getByText(en('record.borrowed')).waitFor();
    await away.looksRight('the record, on a borrowed computer');
    await reading(await made(away, CLIENT.password), async (_, data) => {
      const texts = data.conversations.flatMap(({ entries }) => entries.map(({ text }) => text));
      expect(texts).toContain('I slept well.');
    });
  });
});

async function make(person: Person, password: string): Promise<void> {
  await person.page.getByLabel(en('field.password'), { exact: true }).fill(password);
  await person.page.getByRole('button', { name: en('record.do'), exact: true }).click();
}

/** Makes the file; where it is. */
async function made(person: Person, password: string): Promise<string> {
  const downloading = person.page.waitForEvent('download');
  await make(person, password);
  return (await downloading).path();
}

/** Opens a copy of the file in a browser that has no network, and looks at everything that must hold of it. */
async function reading(file: string, look: (page: Page, data: RecordJson) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path(tmpdir(), 'sotto-record-'));
  const copy = path(folder, 'record.html');
  await copyFile(file, copy);
  const address = pathToFileURL(copy).href;
  const wrong: string[] = [];
  try {
    for (const look of ['light', 'dark'] as const) {
      const context = await (
        await theBrowser()
      ).newContext({ colorScheme: look, viewport: { width: 320, height: 640 } });
      await context.setOffline(true);
      const page = await context.newPage();
      page.on('request', (request) => request.url() !== address && wrong.push(`request to ${request.url()}`));
      page.on('console', (message) => wrong.push(`console: ${message.text()}`));
      page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
      page.on('dialog', (dialog) => void dialog.dismiss().then(() => wrong.push('a dialog')));
      await page.goto(address);
      const wide = () =>
        page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(await wide()).toBeLessThanOrEqual(0);
      await page.setViewportSize(DESKTOP);
      expect(await wide()).toBeLessThanOrEqual(0);
      wrong.push(...(await violations(page)));
      await context.close();
    }
    // And without any script at all, which is how it is read: its own policy allows none.
    const context = await (await theBrowser()).newContext({ javaScriptEnabled: false, offline: true });
    const page = await context.newPage();
    page.on('request', (request) => request.url() !== address && wrong.push(`request to ${request.url()}`));
    await page.goto(address);
    await page.getByRole('note').getByText('This file is not locked').waitFor();
    expect((await page.pdf()).byteLength).toBeGreaterThan(1000);
    const raw = await page.locator('script#record').textContent();
    await look(page, JSON.parse(raw ?? '') as RecordJson);
    await context.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  expect(wrong).toEqual([]);
}

/** What axe finds. It is put in by the browser itself, past the page's policy. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}
