/**
 * The sample practice as somebody new meets it: every link leads to somebody, and there is something to see.
 *
 * `SOTTO_SAMPLE` has the links; `cargo xtask test sample` makes the practice and sets it.
 */

import { afterAll, expect, test } from 'vitest';
import { Person, PHONE } from '../harness/person';
import { en } from '../harness/words';
import { closeBrowser, theBrowser } from '../harness/world';

interface Link {
  handle: string;
  link: string;
}
const links = JSON.parse(process.env['SOTTO_SAMPLE'] ?? '[]') as Link[];
const therapist = links[0]?.handle;

afterAll(closeBrowser);

async function visit({ link, handle }: Link, look: (person: Person) => Promise<void>): Promise<void> {
  const person = await Person.arrive(await theBrowser(), new URL(link).origin, [], { viewport: PHONE });
  await person.goto(link);
  expect(person.page.url()).not.toContain('demo=');
  const enter = person.page.getByRole('button', { name: en('demo.do', { handle }) });
  await enter.waitFor();
  await person.looksRight('sample practice');
  await enter.click();
  await look(person);
  await person.leave();
}

test('there is a therapist and there are three clients', () => {
  expect(links.length).toBe(4);
});

test.for(links.filter(({ handle }) => handle !== therapist))(
  '$handle has a conversation that lies behind her',
  async (link) => {
    await visit(link, async ({ page }) => {
      await page.getByLabel(en('composer.label')).waitFor();
      await page.getByText(en('availability.nobody')).waitFor();
      const first = page.getByRole('article').first();
      await first.waitFor();
      // Over days, not all in one minute.
      const oldest = () =>
        page
          .locator('article time')
          .evaluateAll((all) => Math.min(...all.map((one) => Date.parse(one.getAttribute('datetime') ?? ''))));
      await expect.poll(async () => Date.now() - (await oldest())).toBeGreaterThan(20 * 3_600_000);
    });
  },
);

test('the therapist finds all three waiting, in the order of her promise, and what is new marked', async () => {
  const link = links[0];
  if (!link) throw new Error('SOTTO_SAMPLE must hold the links (cargo xtask test sets it)');
  await visit(link, async (person) => {
    const { page } = person;
    const answer = page.getByRole('region', { name: en('today.answer') });
    await expect.poll(() => answer.getByRole('article').count()).toBe(3);
    await page.getByRole('region', { name: en('today.held') }).waitFor();
    await person.looksRight('today in the sample practice');
    const oldest = answer.getByRole('article').first();
    expect(await oldest.getAttribute('aria-label')).toBe('June');
    await oldest.getByRole('link', { name: en('today.open'), exact: true }).click();
    const messages = page.getByRole('region', { name: en('conversation.with', { name: 'June' }) });
    await messages.getByText(en('conversation.new'), { exact: true }).waitFor();
  });
});
