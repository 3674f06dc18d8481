/**
 * Somebody at a terminal: the real `sotto` in a home of its own.
 *
 * Owns the folder and how commands are started. `SOTTO_BIN` names the binary.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from './steps';

export class Terminal {
  private constructor(
    private readonly binary: string,
    private readonly folder: string,
    private readonly who: Identity,
  ) {}

  /** Runs with somebody who has no account yet. */
  static async with<T>(who: Identity, use: (terminal: Terminal) => Promise<T>): Promise<T> {
    const binary = process.env['SOTTO_BIN'];
    if (!binary) throw new Error('SOTTO_BIN must name the client binary (cargo xtask sets it)');
    const folder = await mkdtemp(join(tmpdir(), 'sotto-terminal-'));
    try {
      await writeFile(join(folder, 'password'), `${who.password}\n`, { mode: 0o600 });
      return await use(new Terminal(binary, folder, who));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Founds the practice, or joins it. */
  async arrive(verb: 'setup' | 'join', link: string, ...more: string[]): Promise<void> {
    const { name, handle } = this.who;
    const password = join(this.folder, 'password');
    await this.run([verb, '-', '--name', name, '--handle', handle, '--password-file', password, ...more], link);
  }

  /** Writes many messages. */
  async sendLines(lines: string[]): Promise<void> {
    await this.run(['send', '--lines', '-', '--timeout', '120'], lines.join('\n'));
  }

  /** Runs a command to its end; what it printed. */
  run(words: string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.binary, ['--home', join(this.folder, 'home'), ...words], { stdio: 'pipe' });
      let out = '';
      let said = '';
      child.stdout.on('data', (chunk) => (out += String(chunk)));
      child.stderr.on('data', (chunk) => (said += String(chunk)));
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(out.trim());
        else reject(new Error(`sotto ${words[0]} ended with ${code}: ${said}`));
      });
      child.stdin.end(input);
    });
  }
}
