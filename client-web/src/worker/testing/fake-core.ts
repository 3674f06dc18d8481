/**
 * A core for tests: accounts, one conversation, drafts, and the order of things of the real one.
 *
 * What is stored is readable, and names the key it was stored under, so that tests can look at it.
 */

import type { Change, Command, Core, CoreModule, Event, Output, Row } from '../../core/api';
import type { AccountView, DeviceView, MessageView, SpaceView } from '../../core/types';

export const SPACE = '05'.repeat(16);
const ME = '01'.repeat(16);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);
const refusal = (code: string) => ({ code });

/** What all fake cores of a test share: the world outside. */
export class Outside {
  /** Passwords that sign somebody in. */
  readonly passwords = new Map([['lena', 'right password']]);
  /** Every command that any core was given. */
  readonly commands: Command[] = [];
  /** Throws a trap at the next command of this kind. */
  trapAt: Command['kind'] | undefined;
  /** Leaves the next command of this kind without an event. */
  silentAt: Command['kind'] | undefined;
  /** Events for whichever core comes next to see them. */
  settings: SpaceView['settings'] = [];
  opened = 0;
  /** The server takes registrations, but its answers get lost. */
  deaf = false;
  /** The server takes changes of the password, but its answers get lost until this device starts anew. */
  mute = false;

  readonly module: CoreModule = {
    open: (rows, key) => new FakeCore(this, rows, key),
    sealStorageKey: (key, password) => bytes(JSON.stringify({ password, key: [...key] })),
    openStorageKey: (sealed, password) => {
      const kept = JSON.parse(text(sealed)) as { password: string; key: number[] };
      if (kept.password !== password) throw refusal('wrong_password');
      return new Uint8Array(kept.key);
    },
    generatePassphrase: () => 'six calm words',
    strength: (password) => ({ kind: password.length < 12 ? 'weak' : 'strong', bits: password.length }),
  };
}

export class FakeCore implements Core {
  readonly #rows = new Map<string, string>();
  readonly #queue: Output[] = [];
  #changes: Change[] = [];
  #after: Output[] = [];
  #batch = 0;
  #awaiting: number | undefined;
  #online = false;

  constructor(
    private readonly outside: Outside,
    rows: Row[],
    private readonly key: Uint8Array,
  ) {
    outside.opened += 1;
    for (const [name, value] of rows) {
      const [under, plain] = text(value).split('|');
      if (under !== this.#under()) throw refusal('storage_damaged');
      this.#rows.set(text(name), plain ?? '');
    }
    if (this.account()) this.#queue.push({ kind: 'dial', origin: 'http://here' });
    if (this.#rows.has('registering')) this.#register();
    if (this.#rows.has('changing') && !outside.mute) this.#passwordSet();
    if (this.#rows.has('sheet')) this.#tellSheet();
    this.#commit();
  }

  command(command: Command): void {
    this.outside.commands.push(command);
    if (this.outside.trapAt === command.kind) {
      this.outside.trapAt = undefined;
      throw new WebAssembly.RuntimeError('unreachable');
    }
    const silent = this.outside.silentAt === command.kind;
    if (silent) this.outside.silentAt = undefined;
    else this.#carryOut(command);
    this.#commit();
  }

  connected(): void {
    this.#online = true;
    this.#tell({ kind: 'online' });
    for (const name of this.#rows.keys()) if (name.startsWith('out/')) this.#send(name);
    this.#commit();
  }

  disconnected(): void {
    this.#online = false;
    this.#tell({ kind: 'offline' });
    this.#commit();
  }

  /** A frame that names a record of one's own delivers it; any other is somebody's message. */
  frame(frame: Uint8Array): void {
    const name = text(frame);
    if (name === 'removed') {
      this.#tell({ kind: 'deviceRemoved' });
    } else if (this.#rows.has(`out/${name}`)) {
      this.#put(`out/${name}`, null);
      this.#put(`msg/${name}`, 'mine');
      this.#tell({ kind: 'delivered', space: SPACE, id: { author: ME, record: name }, seq: 1 });
    } else {
      this.#put(`msg/${name}`, 'theirs');
      this.#tell({ kind: 'updated', space: SPACE, seq: 1 });
    }
    this.#commit();
  }

  response(): void {}

  stored(batch: number): void {
    if (this.#awaiting === batch) this.#awaiting = undefined;
  }

  loaded(): void {}

  wake(): void {}

  poll(): Output {
    if (this.#awaiting !== undefined) return { kind: 'idle', wakeAt: null };
    const output = this.#queue.shift();
    if (output?.kind === 'store') this.#awaiting = output.batch;
    return output ?? { kind: 'idle', wakeAt: null };
  }

  account(): AccountView | null {
    const handle = this.#rows.get('account');
    if (handle === undefined) return null;
    return {
      account: ME,
      handle,
      device: ME,
      role: 'client',
      practice: 'Quiet Room',
      name: handle,
      origin: 'http://here',
      identity: ME,
      online: this.#online,
      removed: false,
      passwordNeeded: false,
      sheetAt: null,
      passwordAt: Number(this.#rows.get('passwordAt') ?? 0),
      erasDue: 0,
      factors: [],
      factorsSince: null,
      factorDue: null,
    };
  }

  spaces(): SpaceView[] {
    return this.account() ? [this.#space()] : [];
  }

  space(id: string): SpaceView | null {
    return this.account() && id === SPACE ? this.#space() : null;
  }

  page(): { total: number; start: number; messages: MessageView[] } {
    return { total: this.#count('msg/') + this.#count('out/'), start: 0, messages: [] };
  }

  devices(): DeviceView[] {
    const known = this.#rows.has('account') || this.#rows.has('registering');
    return known
      ? [{ id: ME, name: 'Phone', model: 'Phone', this: true, addedAt: 0, removedIn: null, weeksAgo: null }]
      : [];
  }

  invitations(): [] {
    return [];
  }

  ownSpace(): string | null {
    return this.#rows.has('own') ? 'own' : null;
  }

  clockOffMs(): number | null {
    return null;
  }

  free(): void {}

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'setup':
      case 'join':
      case 'login':
        if (this.account()) throw refusal('signed_in');
        if (this.outside.passwords.get(command.handle) !== command.password) {
          return this.#tell({ kind: 'failed', code: 'wrong_password', retryAfterMs: null });
        }
        this.#put('registering', command.handle);
        return this.#register();
      case 'write': {
        const record = command.id ?? '00';
        if (command.draft.kind === 'message' && command.draft.text === '') throw refusal('empty');
        if (!this.#rows.has(`out/${record}`) && !this.#rows.has(`msg/${record}`)) {
          this.#put(`out/${record}`, 'mine');
          if (this.#online) this.#send(`out/${record}`);
        }
        return this.#tell({ kind: 'queued', space: SPACE, id: { author: ME, record } });
      }
      case 'recover':
        if (command.words !== 'right words') throw { code: 'sheet_word', max: 3 };
        this.outside.passwords.set(command.handle, command.new);
        this.#put('registering', command.handle);
        return this.#register();
      case 'changePassword':
      case 'removeLost': {
        const handle = this.#rows.get('account') ?? '';
        if (this.outside.passwords.get(handle) !== command.password) {
          return this.#tell({ kind: 'failed', code: 'sign_in_failed', retryAfterMs: null });
        }
        this.outside.passwords.set(handle, command.new);
        this.#put('changing', command.new);
        if (this.outside.mute) return this.#tell({ kind: 'failed', code: 'unanswered', retryAfterMs: null });
        return this.#passwordSet();
      }
      case 'reopen':
        if (this.outside.passwords.get(this.#rows.get('account') ?? '') !== command.password) {
          return this.#tell({ kind: 'failed', code: 'sign_in_failed', retryAfterMs: null });
        }
        this.#countPassword();
        return this.#tell({ kind: 'reopened' });
      case 'makeSheet':
        this.#put('sheet', 'eight words');
        return this.#tellSheet();
      case 'sheetKept':
        return this.#put('sheet', null);
      case 'wake':
        return this.#tell({ kind: 'woken' });
      case 'keepDraft':
        return this.#put('draft', command.text);
      case 'invite':
        return this.#tell({ kind: 'invitation', id: 'aa', link: 'http://here/join#x' });
      case 'foundOwn':
        this.#put('own', '');
        return this.#tell({ kind: 'spaceAdded', space: SPACE });
      case 'people':
        return this.#tell({ kind: 'people', people: [] });
      case 'export': {
        const contents = { messages: 0, takenBack: 0, settings: 0, records: 0, waiting: 0, incomplete: 0 };
        return this.#tell({ kind: 'exportBegun', export: 1, contents: { conversations: 1, ...contents } });
      }
      case 'exportMore':
        return this.#tell({
          kind: 'exportPiece',
          export: command.export,
          piece: 'all of it',
          done: 1,
          of: 1,
          last: true,
        });
      case 'pushTo':
        return this.#tell({ kind: 'pushSet' });
      case 'revoke':
        return this.#tell({ kind: 'revoked', id: command.id });
      default:
        return;
    }
  }

  #passwordSet(): void {
    this.#put('changing', null);
    this.#countPassword();
    this.#tell({ kind: 'passwordChanged' });
  }

  #countPassword(): void {
    this.#put('passwordAt', String(Number(this.#rows.get('passwordAt') ?? 0) + 1));
  }

  #tellSheet(): void {
    this.#tell({ kind: 'sheet', words: this.#rows.get('sheet') ?? '', madeAt: 7 });
  }

  #register(): void {
    if (this.outside.deaf) return this.#tell({ kind: 'failed', code: 'unreachable', retryAfterMs: null });
    this.#put('account', this.#rows.get('registering') ?? '');
    this.#put('registering', null);
    this.#queueDial();
    this.#tell({ kind: 'signedIn', account: ME });
  }

  #space(): SpaceView {
    return {
      id: SPACE,
      members: [
        { account: ME, name: 'Lena', role: 'client', me: true },
        { account: 'owner', name: 'Thea', role: 'owner_therapist', me: false },
      ],
      confirmed: true,
      member: true,
      unread: 0,
      unanswered: 0,
      waiting: this.#count('out/'),
      needsConsent: false,
      seq: 1,
      head: '',
      era: 0,
      alarm: null,
      partial: false,
      verified: 1,
      told: 1,
      complete: true,
      total: this.#count('msg/') + this.#count('out/'),
      last: null,
      attention: [],
      settings: this.outside.settings,
      eraAt: null,
      draft: this.#rows.get('draft') ?? '',
      edit: null,
    };
  }

  #under(): string {
    return [...this.key.subarray(0, 8)].join(',');
  }

  #count(prefix: string): number {
    return [...this.#rows.keys()].filter((name) => name.startsWith(prefix)).length;
  }

  #put(name: string, value: string | null): void {
    if (value === null) this.#rows.delete(name);
    else this.#rows.set(name, value);
    this.#changes.push([bytes(name), value === null ? null : bytes(`${this.#under()}|${value}`)]);
  }

  #tell(event: Event): void {
    this.#after.push({ kind: 'event', event });
  }

  #queueDial(): void {
    this.#after.push({ kind: 'dial', origin: 'http://here' });
  }

  #send(name: string): void {
    this.#after.push({ kind: 'send', frame: bytes(name.slice('out/'.length)) });
  }

  #commit(): void {
    if (this.#changes.length > 0) {
      this.#queue.push({ kind: 'store', batch: ++this.#batch, changes: this.#changes });
      this.#changes = [];
    }
    this.#queue.push(...this.#after);
    this.#after = [];
  }
}
