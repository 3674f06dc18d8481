/** Notices for somebody who is away: that there is something new, and not a word more. */

import { createPublicKey, verify } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { PushService, subscribesAt } from '../harness/pushing';
import { bubble, CLIENT, follow, goTo, join, openClient, openPractice, PRACTICE, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('a client who is away hears from her browser that there is something new, and nothing else', async () => {
  const service = await PushService.start();
  try {
    await World.with(
      async (world) => {
        const mara = await world.person({ viewport: DESKTOP });
        const rosa = await world.person();
        await subscribesAt(rosa, service, 'rosa');
        await join(rosa, await openPractice(mara, world.server.setupLink));
        await openClient(mara, CLIENT.name);

        await goTo(rosa, 'place.me');
        const notices = rosa.page.getByRole('checkbox', { name: en('me.notices'), exact: true });
        // The app's own files come first, and the service worker with them.
        await rosa.page.evaluate(async () => void (await navigator.serviceWorker.ready));
        await notices.check();
        await expect.poll(() => notices.isChecked()).toBe(true);
        await rosa.looksRight('notices');

        // Nobody is told while she is there.
        await write(mara, 'You are here to read this.');
        await goTo(rosa, 'place.messages');
        await bubble(rosa, 'You are here').waitFor();
        expect(service.notices).toEqual([]);

        // She closes the page; the server calls the push service, once, with nothing in it.
        await rosa.page.goto('about:blank');
        await write(mara, 'You are away, and this waits for you.');
        await service.come(1);
        await write(mara, 'And this as well.');
        const [notice] = service.notices;
        expect(notice).toMatchObject({ path: '/rosa', body: '', headers: { 'content-length': '0', topic: 'sotto' } });
        expect(Number(notice?.headers.ttl)).toBeGreaterThan(0);
        expect(JSON.stringify(notice)).not.toContain(PRACTICE);
        signedFor(service.origin, notice?.headers.authorization ?? '');

        // The browser wakes the service worker, without a page of the app.
        const shown = await deliverPush(rosa, world.server.origin);
        expect(shown).toEqual([{ title: 'You have something new', body: '', tag: 'new', data: null }]);

        // When she comes back it is all there; only one notice was sent for the two.
        await rosa.goto('/');
        await bubble(rosa, 'And this as well.').waitFor();
        await bubble(rosa, 'You are away').waitFor();
        expect(service.notices).toHaveLength(1);

        // Switched off again, the server forgets the address.
        await goTo(rosa, 'place.me');
        await expect.poll(() => notices.isChecked()).toBe(true);
        await notices.uncheck();
        await expect.poll(() => notices.isEnabled()).toBe(true);
        expect(await notices.isChecked()).toBe(false);
        await goTo(mara, 'place.practice');
        await follow(mara, 'practice.server');
        const kept = mara.page.locator('main').getByText(/push_endpoints · \d+ rows?$/);
        await expect.poll(async () => Number(/\d+/.exec(await kept.innerText()))).toBe(0);

        // In a browser that allows none, or cannot, the page says so.
        const asks = mara.page.getByRole('checkbox', { name: en('me.notices'), exact: true });
        for (const [allowed, sentence] of [
          [[], 'me.notices.denied'],
          [['notifications'], 'me.notices.impossible'],
        ] as const) {
          await mara.context.grantPermissions([...allowed]);
          await mara.page.reload();
          await goTo(mara, 'place.me');
          if (allowed.length > 0) await asks.click();
          await mara.page.getByText(en(sentence)).waitFor();
          expect(await asks.isChecked()).toBe(false);
          await mara.looksRight(sentence);
        }
        mara.provoked(/does not support the Push API in incognito/);
      },
      '--push-hosts',
      service.origin,
    );
  } finally {
    await service.close();
  }
});

/** A token of the server's own key, made out to this push service and no longer than a day (RFC 8292). */
function signedFor(audience: string, authorization: string): void {
  const [, token, key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(authorization) ?? [];
  if (!token || !key) throw new Error(`not a token: ${authorization}`);
  const [head = '', claims = '', signature = ''] = token.split('.');
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  expect(aud).toBe(audience);
  expect(Number(exp) * 1000 - Date.now()).toBeLessThan(24 * 3_600_000);
  expect(Number(exp) * 1000).toBeGreaterThan(Date.now());
  expect(`${sub}`).not.toContain(PRACTICE);
  const point = Buffer.from(key, 'base64url');
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
  const by = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from(`${head}.${claims}`), by, Buffer.from(signature, 'base64url'))).toBe(true);
}

/** Delivers a push as a push service would, and answers what is shown for it. */
async function deliverPush(person: Person, origin: string): Promise<unknown> {
  const session = await person.context.newCDPSession(person.page);
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find((one) => one.scopeURL.startsWith(origin));
      if (ours) resolve(ours.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await registered, data: '' });
  const [worker] = person.context.serviceWorkers();
  if (!worker) throw new Error('no service worker');
  const shown = () =>
    worker.evaluate(async () => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
      const all = await registration.getNotifications();
      return all.map(({ title, body, tag, data }) => ({ title, body, tag, data: data as unknown }));
    });
  await expect.poll(shown).not.toEqual([]);
  return shown();
}
