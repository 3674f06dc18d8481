/**
 * The real server binary on a data folder of its own.
 *
 * Owns its start, its death by SIGKILL, its second start on the same port, and the search of what it has stored.
 * `SOTTO_SERVER_BIN` names the binary; `SOTTO_WEB_DIR` a folder whose web app it serves instead of the one inside.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { found } from './plaintext';

const START_TIMEOUT_MS = 60_000;

/** A server that runs, or has been killed. */
export class Server {
  private process: ChildProcess | null = null;
  private links: string[] = [];

  private constructor(
    private readonly binary: string,
    readonly folder: string,
    private readonly port: number,
    private readonly options: string[],
  ) {}

  /** Starts on an empty folder. */
  static async start(...options: string[]): Promise<Server> {
    const binary = process.env['SOTTO_SERVER_BIN'];
    if (!binary) throw new Error('SOTTO_SERVER_BIN must name the server binary (cargo xtask test sets it)');
    const folder = await mkdtemp(join(tmpdir(), 'sotto-browser-'));
    const server = new Server(binary, folder, await freePort(), options);
    await server.run();
    return server;
  }

  /** Where it listens. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The set-up link of the first start. */
  get setupLink(): string {
    const link = this.links[0];
    if (!link) throw new Error('the server printed no set-up link');
    return link;
  }

  /** Starts it on its folder and waits until it listens. */
  async run(): Promise<void> {
    const data = join(this.folder, 'data');
    const web = process.env['SOTTO_WEB_DIR'];
    const started = spawn(
      this.binary,
      [
        ...['serve', '--data', data, '--listen', `127.0.0.1:${this.port}`],
        ...(web && !this.options.includes('--web') ? ['--web', web] : []),
        ...this.options,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.process = started;
    let said = '';
    started.stderr?.on('data', (chunk) => (said = (said + String(chunk)).slice(-4000)));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server does not start: ${said}`)), START_TIMEOUT_MS);
      started.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
      createInterface({ input: started.stdout! }).on('line', (line) => {
        const link = /https?:\/\/\S+\/setup#\S+/.exec(line);
        if (link) this.links.push(link[0]);
        if (/listening/i.test(line)) {
          clearTimeout(timer);
          resolve();
        }
      });
    });
  }

  /** `kill -9`, as when the power goes. */
  async kill(): Promise<void> {
    const process = this.process;
    this.process = null;
    if (!process || process.exitCode !== null) return;
    const gone = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await gone;
  }

  /** Where any of these texts stands in what the server has stored. */
  async stores(texts: string[]): Promise<string[]> {
    const places: string[] = [];
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      places.push(...found(await readFile(path), texts).map((text) => `${entry.name}: ${text}`));
    }
    return places;
  }

  /** Ends it and removes its folder. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
