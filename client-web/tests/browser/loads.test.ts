import { afterAll, expect, test } from 'vitest';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('the page that the server brings along starts its core', async () => {
  await World.with(async (world) => {
    const owner = await world.person();
    const core = owner.page.waitForResponse((response) => new URL(response.url()).pathname.endsWith('.wasm'));
    await owner.goto(world.server.setupLink);
    expect((await core).status()).toBe(200);

    // The link's secret has left the address bar, and what is suggested can only come from the core.
    expect(owner.page.url()).not.toContain('#');
    await owner.page.getByRole('button', { name: 'Suggest one' }).click();
    const password = owner.page.getByLabel('Choose a password', { exact: true });
    await expect.poll(() => password.inputValue()).toMatch(/^[a-z]{5}(-[a-z]{5}){4}$/);
    world.secrets.push(await password.inputValue());
    await owner.looksRight('set-up');
  });
});
