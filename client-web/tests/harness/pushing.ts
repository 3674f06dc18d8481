/**
 * A push service on this machine, and a browser that subscribes there.
 *
 * Owns what Chromium cannot do without a network: `PushManager.subscribe`. The address it gives is this service's, so all
 * the rest is real: the app tells the server, the server calls the address, and the browser wakes its service worker.
 */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { Person } from './person';

/** A notice that a server handed in. */
export interface Notice {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export class PushService {
  readonly notices: Notice[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(
    private readonly http: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<PushService> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const service = new PushService(http, `http://127.0.0.1:${address.port}`);
    http.on('request', (asked, answer) => {
      let body = '';
      asked.on('data', (chunk) => (body += String(chunk)));
      asked.on('end', () => {
        service.notices.push({ path: asked.url ?? '', headers: asked.headers, body });
        answer.writeHead(201).end();
        for (const look of [...service.#waiting]) look();
      });
    });
    return service;
  }

  /** Done when so many notices have come. */
  async come(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.notices.length < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** Lets a browser subscribe at this service, as it would at its maker's. */
export async function subscribesAt(person: Person, service: PushService, name: string): Promise<void> {
  await person.context.grantPermissions(['notifications']);
  await person.context.addInitScript((endpoint) => {
    const item = 'test.subscribed';
    const subscription = {
      endpoint,
      unsubscribe: async () => (localStorage.removeItem(item), true),
    };
    Object.assign(PushManager.prototype, {
      getSubscription: async () => (localStorage.getItem(item) === null ? null : subscription),
      async subscribe({ userVisibleOnly, applicationServerKey }: PushSubscriptionOptionsInit) {
        // As a browser does: only for notices that are shown, and for a point of the curve.
        const key = applicationServerKey as Uint8Array<ArrayBuffer>;
        if (!userVisibleOnly || key.length !== 65 || key[0] !== 4) throw new DOMException('no', 'NotAllowedError');
        const usage = { name: 'ECDSA', namedCurve: 'P-256' };
        await crypto.subtle.importKey('raw', key, usage, true, ['verify']);
        localStorage.setItem(item, '');
        return subscription;
      },
    });
  }, `${service.origin}/${name}`);
}
