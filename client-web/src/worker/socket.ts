/**
 * The network as the core sees it: one WebSocket, and requests to the account endpoint.
 *
 * Owns connections and how long they may be silent. Refuses to know what travels. Invariants: nothing goes anywhere
 * but to the origin that this page came from; what a former connection still has to say is not heard.
 */

/** How the server bounds a frame and an answer; see `docs/PROTOCOL.md`, limits. */
const ACCOUNT_BYTES_MAX = 512 * 1024;
/** A server that says nothing for so long is gone, whatever the system believes: the core pings three times as often. */
const SILENCE_MS = 90_000;
/** Name, connection, TLS and handshake together. */
const DIAL_MS_MAX = 30_000;
const REQUEST_MS_MAX = 30_000;

/** One connection, as the host hears of it. */
export interface Heard {
  up(): void;
  frame(bytes: Uint8Array): void;
  /** Said once, and nothing after it. */
  lost(): void;
}

export interface Connection {
  send(frame: Uint8Array): void;
  /** After this nothing is heard of it. */
  close(): void;
}

export interface Net {
  dial(origin: string, heard: Heard): Connection;
  /** The body of a 200; undefined when there was none. */
  request(origin: string, body: Uint8Array): Promise<Uint8Array | undefined>;
}

export class BrowserNet implements Net {
  constructor(private readonly origin: string) {}

  dial(origin: string, heard: Heard): Connection {
    return new SocketConnection(origin === this.origin ? origin : undefined, heard);
  }

  async request(origin: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    if (origin !== this.origin) return undefined;
    try {
      const response = await fetch(`${origin}/v1/account`, {
        method: 'POST',
        headers: { 'content-type': 'application/cbor' },
        body: body.slice(),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(REQUEST_MS_MAX),
      });
      if (response.status !== 200) return undefined;
      const answer = new Uint8Array(await response.arrayBuffer());
      return answer.length <= ACCOUNT_BYTES_MAX ? answer : undefined;
    } catch {
      return undefined;
    }
  }
}

class SocketConnection implements Connection {
  readonly #socket: WebSocket | undefined;
  #heard: Heard | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(origin: string | undefined, heard: Heard) {
    this.#heard = heard;
    try {
      if (origin === undefined) throw new Error('another origin');
      this.#socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/v1/socket`, 'sotto.v1');
    } catch {
      // Told later, as every other loss is.
      queueMicrotask(() => this.#lost());
      return;
    }
    this.#socket.binaryType = 'arraybuffer';
    this.#patience(DIAL_MS_MAX);
    this.#socket.onopen = () => {
      this.#patience(SILENCE_MS);
      this.#heard?.up();
    };
    this.#socket.onmessage = ({ data }) => {
      // The protocol has no text frames.
      if (!(data instanceof ArrayBuffer)) return this.#lost();
      this.#patience(SILENCE_MS);
      this.#heard?.frame(new Uint8Array(data));
    };
    this.#socket.onclose = this.#socket.onerror = () => this.#lost();
  }

  send(frame: Uint8Array): void {
    // What is sent into a connection that has just gone is let go: the core hears of the loss and sends again.
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(frame.slice());
  }

  close(): void {
    this.#heard = undefined;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #lost(): void {
    const heard = this.#heard;
    this.close();
    heard?.lost();
  }

  #patience(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(), ms);
  }
}

/** A net that can be left alone for a while. */
export class PausableNet implements Net {
  #until = 0;

  constructor(private readonly net: Net) {}

  /** Until then whoever dials is told that the connection is lost; it is the core's affair to come again. */
  pause(ms: number): void {
    this.#until = Date.now() + ms;
  }

  resume(): void {
    this.#until = 0;
  }

  dial(origin: string, heard: Heard): Connection {
    if (Date.now() >= this.#until) return this.net.dial(origin, heard);
    let open = true;
    queueMicrotask(() => open && heard.lost());
    return { send: () => undefined, close: () => void (open = false) };
  }

  request(origin: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    return this.net.request(origin, body);
  }
}
