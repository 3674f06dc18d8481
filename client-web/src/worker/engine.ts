/**
 * The engine of a leading worker: whose browser this is, whether it is open, and who runs the core.
 *
 * Owns the phases (blank, locked, open, broken) and everything that moves between them. Refuses to know other tabs
 * (`seat.ts`) and what an ask means to the core (`commands.ts`). Invariants: a storage key is kept in both its forms
 * before anything is stored under it; nothing that does not open is ever emptied without her say; after `end` nothing
 * more is stored or told.
 */

import type { Command, Core, CoreModule, Event } from '../core/api';
import type { AccountView } from '../core/types';
import { PortError, type AskKind, type Asks, type News, type SecondStep, type Sheet, type Status } from '../port/port';
import { Commands, type CoreAsk } from './commands';
import { DiskError, refusalOf, Unanswered } from './errors';
import { Host } from './host';
import { isIdle, LOCK_AFTER_MS_DEFAULT, lockAfterMs, unlockWaitMs } from './lock';
import type { End } from './messages';
import { Newsroom } from './newsroom';
import { Relock } from './relock';
import { MemoryDisk, type Carried, type Disk, type Notes } from './rows';
import { PausableNet } from './socket';
import { Standing } from './standing';
import { generateStorageKey, seed, unwrap, wrap } from './storage-key';
import type { Above, World } from './world';

/** How often it is looked whether anybody is there. */
const IDLE_TICK_MS = 15_000;
/** A registration whose answer got lost is sent again after this. */
const AGAIN_MS = 15_000;
/** With a full disk the server is left alone, lest every frame fail anew. Doubles each time. */
const FULL_PAUSE_MS_MIN = 30_000;
const FULL_PAUSE_MS_MAX = 10 * 60_000;
/** Signing out tells the server to send no more notices, if it listens. */
const GOODBYE_MS_MAX = 2_000;
/** Answered before it is known whose browser this is. */
const EARLY: ReadonlySet<AskKind> = new Set<AskKind>(['status', 'active', 'strength', 'generatePassphrase']);

/** What the server may ask a second step for. */
const PROVING: ReadonlySet<AskKind> = new Set<AskKind>([
  'login',
  'changePassword',
  'makeSheet',
  'removeDevice',
  'removeLost',
  'reopen',
  'wake',
  'addTotp',
  'removeFactor',
]);

type SignIn = Extract<Command, { kind: 'setup' | 'join' | 'login' | 'recover' }>;

interface Running {
  core: Core;
  host: Host;
  commands: Commands;
}

export class Engine {
  #disk: Disk = new MemoryDisk();
  #notes: Partial<Notes> = {};
  #key: Uint8Array<ArrayBuffer> | undefined;
  /** The storage key of a core that the full disk has no room to open; while it is open on the screen. */
  #stuck: Uint8Array<ArrayBuffer> | undefined;
  #running: Running | undefined;
  #fullPauseMs = FULL_PAUSE_MS_MIN;
  #activeAt = Date.now();
  #ended: End | undefined;
  #handled: unknown;
  #started: Promise<void> = Promise.resolve();
  /** Signing in, unlocking, locking or signing out: one at a time. */
  #moving = false;
  #reopening = false;
  #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #net: PausableNet;
  readonly #newsroom: Newsroom;
  /** Told by the core at each start until she says that she has it. In memory only, and gone with the worker. */
  #sheet: Sheet | undefined;
  readonly #relock = new Relock({
    module: () => this.#module(),
    key: () => this.#key,
    notes: () => this.#notes,
    note: (changes) => this.#note(changes),
    passwordAt: () => this.#standing.account?.passwordAt ?? null,
  });
  readonly #standing = new Standing((status) => this.#tell({ kind: 'status', status }));

  constructor(
    private readonly world: World,
    private readonly above: Above,
  ) {
    this.#net = new PausableNet(world.net);
    this.#newsroom = new Newsroom((news) => this.#tell(news));
  }

  /** Done when it is known how things stand, or the engine has ended. */
  start(safe: boolean, carried?: Carried): Promise<void> {
    this.#started = this.#start(safe, carried);
    return this.#started;
  }

  async #start(safe: boolean, carried?: Carried): Promise<void> {
    try {
      await this.#openDisk(carried);
      this.#noted(await this.#disk.notes());
      if (safe) this.#standing.break('crashed');
      else await this.#find();
    } catch (error) {
      this.#failed(error);
    }
  }

  async ask(kind: AskKind, ask: unknown): Promise<unknown> {
    try {
      if (!EARLY.has(kind)) await this.#started;
      const answered = this.#answer(kind, ask as never);
      return await (PROVING.has(kind) ? answered.finally(() => this.#askSecondStep(null)) : answered);
    } catch (error) {
      // Whoever leads next answers what this engine did not get to.
      if (this.#ended !== undefined && this.#ended !== 'locked' && this.#ended !== 'signedOut') throw new Unanswered();
      throw error;
    }
  }

  /** The tab came to the front, or the network is back. */
  nudge(): void {
    if (this.#lockWhenIdle()) return;
    const { phase, code } = this.#standing;
    if (phase === 'broken' && (code === 'unreachable' || code === 'storage_full')) return void this.#end('again');
    if (this.#stuck) return this.#background(this.#unstick());
    if (this.#standing.phase !== 'open' || this.#standing.account?.online) return;
    void this.#running?.host.command({ kind: 'sync' }).catch(() => undefined);
  }

  /** Stops without a trace, because another worker leads now. */
  fenced(): Promise<void> {
    return this.#end('fenced');
  }

  get status(): Status {
    return this.#standing.status;
  }

  async #answer(kind: AskKind, ask: never): Promise<unknown> {
    switch (kind) {
      case 'status':
        return this.status;
      case 'active':
        this.#activeAt = Date.now();
        return;
      case 'strength': {
        const { password } = ask as Asks['strength']['ask'];
        return (await this.#module()).strength(password);
      }
      case 'generatePassphrase':
        return (await this.#module()).generatePassphrase(seed());
      case 'setup':
      case 'join':
        return this.#alone(() => this.#signIn({ kind, ...(ask as Asks['setup']['ask']) }));
      case 'login': {
        const { origin } = this.world;
        return this.#alone(() => this.#signIn({ kind, origin, ...(ask as Asks['login']['ask']) }));
      }
      case 'recover': {
        const { origin } = this.world;
        return this.#alone(() => this.#signIn({ kind, origin, ...(ask as Asks['recover']['ask']) }));
      }
      case 'sheet':
        if (this.#standing.phase !== 'open') throw this.#standing.closed();
        return this.#sheet ?? null;
      case 'changePassword':
      case 'removeLost':
      case 'reopen':
        return this.#change(kind, ask);
      case 'makeSheet':
      case 'removeDevice':
      case 'addTotp':
      case 'removeFactor':
      case 'wake': {
        await this.#toCore(kind, ask);
        return this.#relock.proven((ask as Asks['makeSheet']['ask']).password);
      }
      case 'sheetKept':
        await this.#toCore(kind, ask);
        return this.#keepSheet(undefined);
      // Also while somebody is signing in.
      case 'showCode':
      case 'showPasskey':
      case 'stopFactor':
        if (!this.#running) throw this.#standing.closed();
        return this.#running.commands.answer(kind, ask);
      case 'unlock':
        return this.#alone(() => this.#unlock(ask as Asks['unlock']['ask']));
      case 'lock':
        return this.#alone(() => this.#lock());
      case 'signOut':
        return this.#alone(() => this.#signOut(ask as Asks['signOut']['ask']));
      case 'exportBegin': {
        this.#activeAt = Date.now();
        const { password } = ask as Asks['exportBegin']['ask'];
        return this.#alone(async () => {
          await this.#confirm(password);
          return this.#toCore(kind, ask);
        });
      }
      case 'write':
      case 'keepDraft':
      case 'exportMore':
        this.#activeAt = Date.now();
        return this.#toCore(kind, ask);
      default:
        return this.#toCore(kind, ask);
    }
  }

  /** A change after which another password opens this browser. Whoever reopens has no present one to give. */
  #change<K extends 'changePassword' | 'removeLost' | 'reopen'>(kind: K, ask: Asks[K]['ask']): Promise<void> {
    if (this.#standing.phase !== 'open' || !this.#key) throw this.#standing.closed();
    const [present, password] = 'new' in ask ? [ask.password, ask.new] : [null, ask.password];
    return this.#relock.change(present, password, () => this.#toCore(kind, ask));
  }

  #askSecondStep(step: SecondStep | null): void {
    if (this.#standing.secondStep === step) return;
    this.#standing.secondStep = step;
    if (!this.#ended) this.#standing.tell();
  }

  #keepSheet(sheet: Sheet | undefined): void {
    this.#sheet = sheet;
    this.#standing.sheetWaiting = sheet !== undefined;
    if (this.#standing.phase === 'open') this.#standing.tell();
  }

  async #toCore<K extends CoreAsk>(kind: K, ask: Asks[K]['ask']): Promise<Asks[K]['answer']> {
    if ((kind === 'peek' || kind === 'peekSetup') && this.#standing.phase === 'blank') await this.#runBlank();
    else if (this.#standing.phase !== 'open') throw this.#standing.closed();
    if (this.#stuck) await this.#unstick();
    if (!this.#running) throw this.#standing.closed();
    return this.#running.commands.answer(kind, ask);
  }

  async #alone<T>(move: () => Promise<T>): Promise<T> {
    if (this.#moving || this.#standing.phase === 'starting') throw new PortError('busy');
    this.#moving = true;
    try {
      return await move();
    } catch (error) {
      // A refusal is the asker's affair; anything else is the end of this engine.
      if (!refusalOf(error)) this.#failed(error);
      throw error;
    } finally {
      this.#moving = false;
    }
  }

  // Finding out whose browser this is.

  async #openDisk(carried?: Carried): Promise<void> {
    if (carried) {
      this.#disk = new MemoryDisk(carried);
      this.#standing.storage = carried.borrowed ? 'borrowed' : 'blocked';
      return;
    }
    try {
      if (!globalThis.crypto?.subtle) throw new DiskError('blocked');
      this.#disk = await this.world.openDisk(() => void this.#end('again'));
    } catch (error) {
      if (!(error instanceof DiskError && error.trouble === 'blocked')) throw error;
      this.#standing.storage = 'blocked';
    }
  }

  async #find(): Promise<void> {
    const { sealed, wrapped, idle } = this.#notes;
    if (!sealed) {
      const orphans = await this.#disk.eager();
      return orphans.length > 0 ? this.#standing.break('storage_damaged') : this.#standing.become('blank');
    }
    const key = wrapped && idle && !isIdle(idle, Date.now()) ? await unwrap(wrapped) : undefined;
    if (key) return this.#open(key);
    if (wrapped) await this.#note({ wrapped: null });
    this.#standing.become('locked');
  }

  /** Opens what is stored. */
  async #open(key: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#key = key;
    let module: CoreModule;
    try {
      module = await this.#module();
    } catch {
      return this.#standing.break('unreachable');
    }
    try {
      await this.#run(module, key);
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      return this.#standing.break(refusal.code);
    }
    await this.#settle();
  }

  /** A core on what is stored. */
  async #run(module: CoreModule, key: Uint8Array<ArrayBuffer>): Promise<void> {
    const core = module.open(await this.#disk.eager(), key, seed(), Date.now());
    const host = new Host(core, this.#disk, this.#net, {
      event: (event) => this.#event(event),
      idle: (core, busy) => this.#idle(core, busy),
      stored: () => this.#stored(),
      failed: (error) => this.#failed(error),
    });
    const commands = new Commands(host, this.world.origin, (space) => this.#newsroom.changed(space));
    this.#running = { core, host, commands };
    await host.start();
  }

  /** Nobody is signed in: a core that stores nothing until somebody is. */
  async #runBlank(): Promise<void> {
    if (this.#running) return;
    const module = await this.#module();
    if (this.#running) return;
    this.#key = generateStorageKey();
    await this.#run(module, this.#key);
  }

  /** Says what the core holds. */
  async #settle(): Promise<void> {
    const state = await this.#look((core) => ({
      account: core.account() !== null,
      registering: core.account() === null && core.devices().length > 0,
      spaces: core.spaces().map(({ id }) => id),
    }));
    if (state.account) {
      this.#activeAt = Date.now();
      await this.#noteOpen();
      await this.#relock.settle();
      this.#standing.become('open');
      this.#timers.push(setInterval(() => this.#background(this.#tick()), IDLE_TICK_MS));
      for (const space of state.spaces) this.#newsroom.changed(space);
      // Being idle again, it tells them, with whatever has happened since she signed in.
      await this.#look(() => undefined);
    } else if (state.registering) {
      // The core has sent it again; the answer comes as an event.
      this.#standing.become('starting');
    } else {
      await this.#note({ wrapped: null, sealed: null, owner: null, restored: null, idle: null });
      this.#standing.become('blank');
    }
  }

  /** Notes what a locked browser has to know. */
  async #noteOpen(): Promise<void> {
    const account = this.#standing.account;
    if (!account) return;
    const owner = { handle: account.handle, practice: account.practice };
    await this.#note({ owner, idle: await this.#idleNote() });
  }

  async #idleNote(): Promise<Notes['idle']> {
    const after = this.#running ? await this.#look((core) => lockAfterMs(core.spaces())) : LOCK_AFTER_MS_DEFAULT;
    return { activeAt: this.#activeAt, lockAfterMs: after };
  }

  // Moving from one phase to another.

  async #signIn(command: SignIn): Promise<void> {
    if (this.#standing.phase === 'open') throw new PortError('signed_in');
    if (this.#standing.phase !== 'blank') throw this.#standing.closed();
    const module = await this.#module();
    await this.#runBlank();
    if (!this.#running || !this.#key) throw this.#standing.closed();
    const password = command.kind === 'recover' ? command.new : command.password;
    const sealed = module.sealStorageKey(this.#key, password, seed());
    await this.#note({
      sealed,
      wrapped: this.#disk.inMemory ? null : await wrap(this.#key),
      owner: { handle: command.handle, practice: '' },
      idle: { activeAt: Date.now(), lockAfterMs: LOCK_AFTER_MS_DEFAULT },
      restored: command.kind === 'setup' || command.kind === 'join',
      attempts: null,
    });
    try {
      await this.#running.commands.signIn(command);
    } catch (error) {
      if (refusalOf(error)) await this.#signInFailed();
      throw error;
    }
    await this.#settle();
  }

  async #signInFailed(): Promise<void> {
    const registering = await this.#look((core) => core.account() === null && core.devices().length > 0);
    // The server may have taken it: it is sent again until that is known.
    if (registering) this.#retryLater();
    else await this.#note({ wrapped: null, sealed: null, owner: null, restored: null, idle: null });
  }

  #retryLater(): void {
    this.#standing.break('unreachable');
    this.#timers.push(setTimeout(() => void this.#end('again'), AGAIN_MS));
  }

  async #unlock({ password }: Asks['unlock']['ask']): Promise<void> {
    if (this.#standing.phase === 'open') return;
    if (this.#standing.phase !== 'locked') throw this.#standing.closed();
    const key = await this.#keyUnder(password);
    const idle = { activeAt: Date.now(), lockAfterMs: this.#notes.idle?.lockAfterMs ?? LOCK_AFTER_MS_DEFAULT };
    await this.#note({ attempts: null, idle, wrapped: this.#disk.inMemory ? null : await wrap(key) });
    await this.#open(key);
  }

  /** The storage key, by the password that opens this browser. */
  async #keyUnder(password: string): Promise<Uint8Array<ArrayBuffer>> {
    await this.#module();
    const { sealed, attempts = { failures: 0, at: 0 } } = this.#notes;
    if (!sealed) throw this.#standing.closed();
    const retryAfterMs = unlockWaitMs(attempts, Date.now());
    if (retryAfterMs > 0) throw new PortError('rate_limited', { retryAfterMs });
    // Counted before it is tried, so that ending the worker in the middle is no free guess.
    const counted = { failures: attempts.failures + 1, at: Date.now() };
    await this.#note({ attempts: counted });
    try {
      return await this.#relock.open(password);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal?.code !== 'wrong_password') throw error;
      const wait = unlockWaitMs(counted, Date.now());
      throw new PortError('wrong_password', wait > 0 ? { retryAfterMs: wait } : {});
    }
  }

  /** It is she who asks. */
  async #confirm(password: string): Promise<void> {
    if (this.#standing.phase !== 'open') throw this.#standing.closed();
    const key = await this.#keyUnder(password);
    key.fill(0);
    await this.#note({ attempts: null });
  }

  async #lock(): Promise<void> {
    if (this.#standing.phase !== 'open') return;
    await this.#stop(new PortError('locked'));
    await this.#note({ wrapped: null });
    this.#standing.become('locked');
    void this.#end('locked');
  }

  async #signOut({ anyway }: Asks['signOut']['ask']): Promise<void> {
    const open = this.#standing.phase === 'open';
    if (!anyway) {
      const count = open
        ? await this.#look((core) => core.spaces().reduce((sum, space) => sum + space.waiting, 0))
        : await this.#disk.waiting();
      if (count > 0) throw new PortError('waiting', { count });
    }
    if (open && !this.#borrowed && this.#standing.account?.online) await this.#sayGoodbye();
    await this.#stop(new PortError('not_signed_in'));
    await this.#disk.erase();
    await this.world.forget();
    this.#noted({});
    this.#standing.become('blank');
    void this.#end('signedOut');
  }

  async #sayGoodbye(): Promise<void> {
    const told = this.#running?.commands.answer('pushTo', { endpoint: null });
    const late = new Promise<void>((resolve) => this.#timers.push(setTimeout(resolve, GOODBYE_MS_MAX)));
    await Promise.race([told?.catch(() => undefined), late]);
  }

  async #stop(error: unknown): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    const running = this.#running;
    this.#running = undefined;
    this.#standing.account = null;
    this.#keepSheet(undefined);
    running?.commands.fail(error);
    await running?.host.stop(error);
    running?.core.free();
    for (const key of [this.#key, this.#stuck]) key?.fill(0);
    this.#key = this.#stuck = undefined;
  }

  // What happens meanwhile.

  #event(event: Event): void {
    if (this.#ended) return;
    this.#running?.commands.event(event);
    if (event.kind === 'restored') {
      this.#noted({ ...this.#notes, restored: true });
      this.#background(this.#note({ restored: true }));
    }
    if (event.kind === 'factorNeeded') {
      this.#askSecondStep({ app: event.totp, passkey: event.passkey, refused: event.refused });
    }
    if (event.kind === 'sheet') this.#keepSheet({ words: event.words, madeAt: event.madeAt });
    // Whoever has this device now is out; what was written on it and not sent stays, locked.
    // Once: who then unlocks it is left alone, whatever the server goes on saying.
    if (event.kind === 'deviceRemoved' && this.#standing.phase === 'open' && !this.#notes.removed) {
      this.#background(this.#shutOut());
    }
    if (event.kind === 'online' && this.#notes.removed) this.#background(this.#note({ removed: null }));
    this.#newsroom.event(event);
    if (this.#standing.phase !== 'starting') return;
    if (event.kind === 'signedIn') this.#background(this.#settle());
    if (event.kind === 'failed') this.#background(this.#registrationFailed());
  }

  async #shutOut(): Promise<void> {
    await this.#note({ removed: true });
    await this.#alone(() => this.#lock());
  }

  async #registrationFailed(): Promise<void> {
    const registering = await this.#look((core) => core.devices().length > 0);
    if (registering) this.#retryLater();
    else await this.#settle();
  }

  #idle(core: Core, busy: boolean): void {
    if (this.#ended) return;
    this.#standing.account = core.account();
    this.#standing.clockOffMs = core.clockOffMs();
    // Before it is known how things stand, nobody's picture of them is changed.
    if (this.#standing.phase === 'starting') return;
    if (this.#standing.phase === 'open') this.#newsroom.idle(core, busy);
    // A change of the password that this browser was closed over has arrived.
    if (this.#standing.phase === 'open' && this.#notes.next) this.#background(this.#relock.settle());
    this.#standing.tell();
  }

  #stored(): void {
    if (this.#standing.storage !== 'full') return;
    this.#standing.storage = 'kept';
    this.#fullPauseMs = FULL_PAUSE_MS_MIN;
    this.#net.resume();
  }

  async #tick(): Promise<void> {
    if (this.#lockWhenIdle() || this.#standing.phase !== 'open') return;
    if (this.#stuck) return this.#unstick();
    const noted = this.#notes.idle;
    const idle = await this.#idleNote();
    if (noted?.activeAt !== idle.activeAt || noted.lockAfterMs !== idle.lockAfterMs) await this.#note({ idle });
  }

  #lockWhenIdle(): boolean {
    if (this.#standing.phase !== 'open') return false;
    const lockAfterMs = this.#notes.idle?.lockAfterMs ?? LOCK_AFTER_MS_DEFAULT;
    if (!isIdle({ activeAt: this.#activeAt, lockAfterMs }, Date.now())) return false;
    void this.#alone(() => this.#lock()).catch(() => undefined);
    return true;
  }

  /** What nobody asked for: a refusal has no consequence, anything else has. */
  #background(task: Promise<unknown>): void {
    task.catch((error: unknown) => refusalOf(error) ?? this.#failed(error));
  }

  #failed(error: unknown): void {
    // One failure reaches everybody who waited for the disk.
    if (this.#ended || this.#handled === error) return;
    this.#handled = error;
    if (error instanceof DiskError && error.trouble === 'full') {
      this.#background(this.#reopen(error));
    } else if (error instanceof DiskError && error.trouble === 'fenced') void this.#end('fenced');
    else if (error instanceof DOMException && error.name === 'VersionError') {
      this.#standing.break('storage_newer');
    } else void this.#end('crashed');
  }

  /** The disk is full: begins again from what is stored, so that nothing is ahead of it. */
  async #reopen(error: DiskError): Promise<void> {
    const key = this.#key?.slice();
    const { account } = this.#standing;
    await this.#stop(error);
    this.#standing.storage = 'full';
    if (!key) return this.#standing.break('storage_full');
    if (this.#reopening) return this.#stick(key, account);
    this.#net.pause(this.#fullPauseMs);
    this.#fullPauseMs = Math.min(this.#fullPauseMs * 2, FULL_PAUSE_MS_MAX);
    this.#standing.account = account;
    await this.#openAgain(key);
  }

  async #openAgain(key: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#reopening = true;
    await this.#open(key);
    this.#reopening = false;
  }

  /** Not even what the core has to note when it opens finds room. What is on the screen stays, and what is typed. */
  #stick(key: Uint8Array<ArrayBuffer>, account: AccountView | null): void {
    this.#reopening = false;
    if (this.#standing.phase !== 'open') return this.#standing.break('storage_full');
    this.#stuck = key;
    this.#standing.account = account && { ...account, online: false };
    this.#standing.tell();
    this.#timers.push(setInterval(() => this.#background(this.#tick()), IDLE_TICK_MS));
  }

  async #unstick(): Promise<void> {
    const key = this.#stuck;
    if (!key) return;
    this.#stuck = undefined;
    const { account } = this.#standing;
    await this.#stop(new PortError('storage_full'));
    this.#standing.account = account;
    await this.#openAgain(key);
  }

  async #note(changes: Parameters<Disk['note']>[0]): Promise<void> {
    await this.#disk.note(changes);
    this.#noted(await this.#disk.notes());
  }

  #noted(notes: Partial<Notes>): void {
    this.#notes = notes;
    this.#standing.owner = notes.owner;
    this.#standing.restored = notes.restored ?? false;
    this.#standing.removed = notes.removed ?? false;
  }

  #look<T>(look: (core: Core) => T): Promise<T> {
    return this.#running ? this.#running.host.look(look) : Promise.reject(this.#standing.closed());
  }

  #module(): Promise<CoreModule> {
    return this.world.module().catch(() => Promise.reject(new PortError('unreachable')));
  }

  #tell(news: News): void {
    if (!this.#ended) this.above.news(news);
  }

  async #end(why: End): Promise<void> {
    if (this.#ended) return;
    this.#ended = why;
    await this.#stop(new PortError('crashed')).catch(() => undefined);
    this.#disk.close();
    // What nobody stores would go with the worker; a locked one's heap is to go.
    const carried = why === 'locked' && this.#disk instanceof MemoryDisk ? this.#disk.carry(this.#borrowed) : undefined;
    this.above.end(why, carried);
  }

  get #borrowed(): boolean {
    return this.#standing.storage === 'borrowed';
  }
}
