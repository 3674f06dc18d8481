/** As an installed app: what browsers ask of one, a start without a server, and a newer version that waits to be let in. */

import { afterAll, expect, test } from 'vitest';
import { App } from '../harness/app';
import { DESKTOP } from '../harness/person';
import { bubble, delivered, goTo, join, openPractice, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('a browser can install it, and it starts, reads and takes words without a server', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.personPreferring({});
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'Read on a train.');
    await delivered(rosa, 'Read on a train.');
    await rosa.page.evaluate(async () => void (await navigator.serviceWorker.ready));

    const session = await rosa.context.newCDPSession(rosa.page);
    const { errors, data } = await session.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    const manifest = JSON.parse(data ?? '') as { name: string; display: string; icons: { src: string }[] };
    expect(manifest).toMatchObject({ name: 'Sotto', display: 'standalone', start_url: '/', scope: '/' });
    for (const { src } of manifest.icons) {
      const icon = await fetch(new URL(src, world.server.origin));
      expect([icon.status, icon.headers.get('content-type')?.startsWith('image/')], src).toEqual([200, true]);
    }
    expect((await session.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);

    await world.server.kill();
    await rosa.page.close();
    const started = await rosa.context.newPage();
    await started.goto(`${world.server.origin}/`);
    await started.getByRole('article').filter({ hasText: 'Read on a train.' }).waitFor();
    await started.getByText(en('offline.line')).waitFor();
    await rosa.fillSecret(started.getByLabel(en('composer.label')), 'Written on a train.');
    await started.getByRole('button', { name: en('composer.send'), exact: true }).click();
    const written = started.getByRole('article').filter({ hasText: 'Written on a train.' });
    await written.getByText(en('state.waiting')).waitFor();
    // Help needs no server either.
    await started.getByRole('link', { name: en('help.ask') }).click();
    await started.getByRole('heading', { level: 1, name: en('help.title') }).waitFor();
    await started.goto(`${world.server.origin}/#/messages`);
    await world.server.run();
    await written.getByText(en('state.delivered')).waitFor({ timeout: 60_000 });
  });
});

test('a newer version says so in one sentence, waits, and comes with a reload', async () => {
  const app = await App.copy();
  try {
    await World.with(
      async (world) => {
        const mara = await world.person({ viewport: DESKTOP });
        const rosa = await world.person();
        await join(rosa, await openPractice(mara, world.server.setupLink));
        await write(rosa, 'Before the change.');
        await delivered(rosa, 'Before the change.');
        await rosa.page.evaluate(async () => void (await navigator.serviceWorker.ready));

        await world.server.kill();
        await app.before(/^sw\.js$/, '/* newer */');
        await world.server.run();
        await rosa.page.reload();
        const notice = rosa.page.getByText(en('app.update'));
        await notice.waitFor();
        await rosa.looksRight('a newer version');
        // It says nothing about what is in the conversation, and changes nothing until she reloads.
        const line = rosa.page.locator('.notice', { has: notice });
        expect((await line.innerText()).replace(/\s+/g, ' ')).toBe(`${en('app.update')} ${en('app.reload')}`);
        await rosa.fillSecret(rosa.page.getByLabel(en('composer.label')), 'Typed under the older one');
        await goTo(rosa, 'place.me');
        await goTo(rosa, 'place.messages');
        await rosa.page.getByRole('button', { name: en('app.reload'), exact: true }).click();
        await expect.poll(() => notice.count()).toBe(0);
        await bubble(rosa, 'Before the change.').waitFor();
        const composer = rosa.page.getByLabel(en('composer.label'));
        await expect.poll(() => composer.inputValue()).toBe('Typed under the older one');
        const waiting = () => rosa.page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null);
        await expect.poll(waiting).toBe(false);
      },
      '--web',
      app.folder,
    );
  } finally {
    await app.remove();
  }
});
