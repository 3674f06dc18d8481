/** A second step after the password: asked for by the practice, set up, shown, and taken away again. */

import { createHmac } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { readCode } from '../harness/code';
import { DESKTOP, type Person } from '../harness/person';
import { follow, goTo, openPractice, signIn, THERAPIST } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP = 30_000;

const button = (person: Person, name: string) => person.page.getByRole('button', { name, exact: true });
const field = (person: Person, name: string) => person.page.getByLabel(name, { exact: true });

/** What an authenticator app shows in a time step (RFC 6238), by Node's own HMAC. */
function codeOf(secret: string, step: number): string {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Six digits that are not shown in this minute or the next. */
function another(secret: string, step: number): string {
  const near = [-2, -1, 0, 1, 2, 3].map((more) => codeOf(secret, step + more));
  return ['000000', '111111', '222222', '333333', '444444', '555555', '666666'].find((x) => !near.includes(x)) ?? '';
}

test('a practice asks its staff for a second step, and a new browser for the code', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    await openPractice(mara, world.server.setupLink);
    await goTo(mara, 'place.practice');
    await follow(mara, 'practice.settings');
    const asked = mara.page.getByRole('checkbox', { name: en('step.staff') });
    expect(await asked.isChecked()).toBe(false);
    await asked.check();
    await mara.looksRight('asking the staff for a second step');

    // She is one of them. The notice leads to where it is set up.
    await mara.page.reload();
    await goTo(mara, 'place.today');
    await mara.page.getByText(en('step.due.title')).waitFor();
    await mara.looksRight('a second step that is asked for');
    await follow(mara, 'step.due.do', 'step.page');
    await button(mara, en('step.add')).click();
    const secret = (await mara.page.locator('code').innerText()).replaceAll(' ', '');
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    mara.secrets.push(secret);
    expect(await readCode(mara.page, en('step.scan.label'))).toContain(`secret=${secret}`);
    await mara.looksRight('setting up an authenticator app');

    const step = Math.floor(Date.now() / STEP);
    await field(mara, en('step.code')).fill(another(secret, step));
    await field(mara, en('field.password')).fill(THERAPIST.password);
    await button(mara, en('step.add.do')).click();
    await mara.page.getByText(en('error.factor_refused')).waitFor();
    await field(mara, en('step.code')).fill(codeOf(secret, Math.floor(Date.now() / STEP)));
    await button(mara, en('step.add.do')).click();
    await mara.page.getByText(en('step.added')).waitFor();
    await mara.page
      .getByRole('listitem')
      .filter({ hasText: en('step.kind.app') })
      .waitFor();
    await mara.looksRight('a second step that is set up');
    await goTo(mara, 'place.today');
    expect(await mara.page.getByText(en('step.due.title')).count()).toBe(0);

    // The password alone opens nothing on a new browser; a wrong code neither, and stopping leads back.
    const laptop = await world.person({ viewport: DESKTOP });
    await signIn(laptop, THERAPIST);
    const dialog = laptop.page.getByRole('dialog', { name: en('step.title') });
    await dialog.waitFor();
    await laptop.looksRight('a code is asked for');
    await field(laptop, en('step.code')).fill(another(secret, Math.floor(Date.now() / STEP)));
    await button(laptop, en('step.do')).click();
    await dialog.getByText(en('error.factor_refused')).waitFor();
    await button(laptop, en('step.stop')).click();
    await dialog.waitFor({ state: 'hidden' });
    await laptop.page.getByText(en('error.stopped')).waitFor();
    expect(await laptop.page.getByRole('navigation', { name: en('place.all') }).count()).toBe(0);

    await button(laptop, en('signIn.do')).click();
    await dialog.waitFor();
    // The code that set it up is used; the next one is taken a little early.
    const next = codeOf(secret, Math.floor(Date.now() / STEP) + 1);
    await field(laptop, en('step.code')).fill(`${next.slice(0, 3)} ${next.slice(3)}`);
    await button(laptop, en('step.do')).click();
    await laptop.page.getByRole('navigation', { name: en('place.all') }).waitFor();
    await goTo(laptop, 'place.practice');
    await follow(laptop, 'practice.settings');
    expect(await laptop.page.getByRole('checkbox', { name: en('step.staff') }).isChecked()).toBe(true);
  });
});
