/**
 * A server, a browser, and the people of one test.
 *
 * Ending the world ends everything in it, and fails when anybody's browser saw something wrong or the server has
 * stored a word that people wrote.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { DESKTOP, type Look, Person } from './person';
import { Server } from './server';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const LAUNCH: LaunchOptions = {
  executablePath: process.env['SOTTO_CHROMIUM'] ?? '/usr/bin/chromium',
  args: FLAGS,
};

let browser: Browser | undefined;

/** One browser for all tests of a file. */
export async function theBrowser(): Promise<Browser> {
  browser ??= await chromium.launch(LAUNCH);
  return browser;
}

/** Ends the browser; after the last test of a file. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

/** What a test happens in. */
export class World {
  private readonly people: Person[] = [];
  private readonly profiles: string[] = [];
  /** Texts that no server and no storage may hold readable. */
  readonly secrets: string[] = [];

  private constructor(readonly server: Server) {}

  /** Runs a test in a new world. */
  static async with(test: (world: World) => Promise<void>, ...options: string[]): Promise<void> {
    const world = new World(await Server.start(...options));
    let failed = true;
    try {
      await test(world);
      failed = false;
    } finally {
      await world.end(failed);
    }
  }

  /** Somebody with a new browser. */
  async person(look: Look = {}): Promise<Person> {
    const person = await Person.arrive(await theBrowser(), this.server.origin, this.secrets, look);
    this.people.push(person);
    return person;
  }

  /** Somebody whose browser is not in a private window, with preferences of the browser's own. */
  async personPreferring(preferences: object, ...flags: string[]): Promise<Person> {
    const profile = await mkdtemp(join(tmpdir(), 'sotto-profile-'));
    this.profiles.push(profile);
    await mkdir(join(profile, 'Default'));
    await writeFile(join(profile, 'Default/Preferences'), JSON.stringify(preferences));
    const context = await chromium.launchPersistentContext(profile, {
      ...LAUNCH,
      args: [...FLAGS, ...flags],
      viewport: DESKTOP,
      locale: 'en-US',
    });
    const person = await Person.settle(context, this.server.origin, this.secrets);
    this.people.push(person);
    return person;
  }

  private async end(failed: boolean): Promise<void> {
    const wrong: string[] = [];
    for (const person of this.people) {
      try {
        await person.leave();
      } catch (error) {
        wrong.push(error instanceof Error ? error.message : String(error));
      }
    }
    await this.server.kill();
    wrong.push(...(await this.server.stores(this.secrets)).map((place) => `the server keeps readable: ${place}`));
    await this.server.close();
    for (const profile of this.profiles) await rm(profile, { recursive: true, force: true });
    if (wrong.length === 0) return;
    // The failure of the test itself comes first; this tells what else was seen.
    if (failed) console.error(wrong.join('\n'));
    else throw new Error(wrong.join('\n'));
  }
}
