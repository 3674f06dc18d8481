/**
 * Serves the engine's test page in front of the real server, on one origin and with the headers of the real one.
 *
 * Owns the build of that page, and passing on `/v1/`. Refuses to know what passes. A server that is away is away here
 * too: requests are refused and sockets are cut.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { build } from 'vite';
import { serviceWorker } from '../../src/sw/build';

const CLIENT = join(import.meta.dirname, '../..');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types sotto",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

export class Front {
  /** The server behind, `host:port`. */
  behind = '';
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly folder: string,
    private readonly http: HttpServer,
    readonly origin: string,
  ) {}

  static async start(): Promise<Front> {
    const folder = await mkdtemp(join(tmpdir(), 'sotto-engine-'));
    await build({
      configFile: false,
      root: join(CLIENT, 'tests/engine'),
      publicDir: join(CLIENT, 'public'),
      logLevel: 'warn',
      plugins: [serviceWorker()],
      worker: { format: 'es' },
      build: { outDir: folder, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    });
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const front = new Front(folder, http, `http://127.0.0.1:${address.port}`);
    http.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
      if (asked.url?.startsWith('/v1/')) front.#pass(asked, answer);
      else void front.#serve(asked.url ?? '/', answer);
    });
    http.on('upgrade', (asked: IncomingMessage, socket: Socket) => front.#passSocket(asked, socket));
    return front;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #serve(url: string, answer: ServerResponse): Promise<void> {
    const { pathname } = new URL(url, this.origin);
    const path = extname(pathname) ? pathname : '/index.html';
    try {
      const body = await readFile(join(this.folder, path));
      answer
        .writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
        .end(body);
    } catch {
      answer.writeHead(404, HEADERS).end();
    }
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const [host, port] = this.behind.split(':');
    const passed = request(
      { host, port, method: asked.method, path: asked.url, headers: asked.headers },
      (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      },
    );
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  }

  #passSocket(asked: IncomingMessage, socket: Socket): void {
    const [host, port] = this.behind.split(':');
    const behind = connect(Number(port), host);
    const head = [`${asked.method} ${asked.url} HTTP/1.1`];
    for (let at = 0; at < asked.rawHeaders.length; at += 2)
      head.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
    behind.write(`${head.join('\r\n')}\r\n\r\n`);
    behind.pipe(socket).pipe(behind);
    for (const end of [behind, socket]) {
      this.#sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        behind.destroy();
        socket.destroy();
        this.#sockets.delete(end);
      });
    }
  }
}
