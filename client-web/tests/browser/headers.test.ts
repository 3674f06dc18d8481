/** What every answer of the server carries, and what stays in the address bar. */

import { readdir } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { DIST } from '../harness/app';
import { closeBrowser, World } from '../harness/world';
import { en } from '../harness/words';

afterAll(closeBrowser);

const APART = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
const FILE = {
  ...APART,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  /^connect-src 'self'( ws:\/\/127\.0\.0\.1:\d+)?$/,
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html sotto',
];

test('pages, files and answers carry the headers that keep them apart', async () => {
  await World.with(async (world) => {
    const ask = (path: string, how: RequestInit = {}) => fetch(new URL(path, world.server.origin), how);
    const assets = (await readdir(`${DIST}/assets`)).filter((name) => !name.endsWith('.br'));
    const one = (end: string) => `/assets/${assets.find((name) => name.endsWith(end))}`;
    for (const [path, keep] of [
      ['/', 'no-store'],
      ['/setup', 'no-store'],
      ['/join', 'no-store'],
      ['/sw.js', 'no-cache'],
      ['/manifest.webmanifest', 'no-cache'],
      ['/plain.js', 'no-cache'],
      [one('.js'), 'public, max-age=31536000, immutable'],
      [one('.css'), 'public, max-age=31536000, immutable'],
      [one('.wasm'), 'public, max-age=31536000, immutable'],
      [one('.woff2'), 'public, max-age=31536000, immutable'],
    ] as const) {
      const answer = await ask(path);
      const told = Object.fromEntries(answer.headers);
      expect({ status: answer.status, ...told }, path).toMatchObject({ status: 200, ...FILE, 'cache-control': keep });
      // Without TLS nobody may be told to insist on it; with it the server's own tests look.
      expect(told['strict-transport-security'], path).toBeUndefined();
      const parts = (told['content-security-policy'] ?? '').split('; ');
      expect(parts, path).toHaveLength(POLICY.length);
      for (const [index, part] of parts.entries()) expect(part, path).toMatch(wanted(POLICY[index] ?? ''));
      for (const power of ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'display-capture'])
        expect(told['permissions-policy'], path).toContain(`${power}=()`);
    }
    for (const path of ['/v1/account', '/healthz', '/assets/none.js', '/v1/none']) {
      for (const method of ['GET', 'POST']) {
        const answer = await ask(path, { method });
        const told = Object.fromEntries(answer.headers);
        expect(told, `${method} ${path}`).toMatchObject({ ...APART, 'cache-control': 'no-store' });
        expect(told['content-security-policy'], path).toMatch(/^default-src 'none'/);
        expect(told['access-control-allow-origin'], path).toBeUndefined();
      }
    }
  });
});

function wanted(part: string | RegExp): RegExp {
  return part instanceof RegExp ? part : new RegExp(`^${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}

test('a page is alone with itself, and text never becomes a script', async () => {
  await World.with(async (world) => {
    const somebody = await world.person();
    await somebody.goto('/');
    await somebody.page.getByRole('heading', { name: en('signIn.title') }).waitFor();
    expect(await somebody.page.evaluate(() => crossOriginIsolated)).toBe(true);
    const injected = await somebody.page.evaluate(async () => {
      // While a test evaluates something, it may; so this comes a moment later.
      await new Promise((resolve) => setTimeout(resolve));
      const tried: Record<string, string> = {};
      const attempt = (name: string, how: () => unknown) => {
        try {
          how();
          tried[name] = 'done';
        } catch (error) {
          tried[name] = (error as Error).name;
        }
      };
      const text: string = '<img src=x onerror=alert(1)>';
      attempt('innerHTML', () => (document.createElement('p').innerHTML = text));
      attempt('script', () => (document.createElement('script').src = '/x.js'));
      attempt('worker', () => new Worker('/assets/x.js'));
      attempt('eval', () => (0, eval)('1'));
      attempt('function', () => new Function('return 1')());
      attempt('policy', () =>
        (
          window as unknown as { trustedTypes: { createPolicy: (name: string, rules: object) => void } }
        ).trustedTypes.createPolicy('default', { createHTML: (given: string) => given }),
      );
      return tried;
    });
    expect(injected).toEqual({
      innerHTML: 'TypeError',
      script: 'TypeError',
      worker: 'TypeError',
      eval: 'EvalError',
      function: 'EvalError',
      policy: 'TypeError',
    });
    somebody.provoked(/Trusted|Content Security Policy|unsafe-eval/);
  });
});

test('a link’s secret is gone from the address, the history and what a page can ask, before anything is fetched', async () => {
  await World.with(async (world) => {
    const secret = new URL(world.server.setupLink).hash.slice(1);
    const owner = await world.person();
    const seen: string[] = [];
    owner.page.on('request', (request) => {
      if (request.resourceType() === 'document') return;
      seen.push(request.url(), JSON.stringify(request.headers()));
    });
    await owner.goto(world.server.setupLink);
    await owner.page.getByRole('heading', { name: en('setup.title') }).waitFor();
    expect(owner.page.url()).toBe(`${world.server.origin}/setup`);
    const known = await owner.page.evaluate(() =>
      JSON.stringify([location.href, document.URL, document.referrer, history.state, document.title]),
    );
    expect(known).not.toContain(secret.slice(0, 12));
    expect(seen.join('\n')).not.toContain(secret.slice(0, 12));

    // A reload has lost it, and says what to do.
    await owner.page.reload();
    await owner.page.getByRole('heading', { name: en('link.gone.title') }).waitFor();
    await owner.looksRight('a link without its secret');
    await owner.page.goBack();
    expect(owner.page.url()).not.toContain(secret.slice(0, 12));
  });
});
