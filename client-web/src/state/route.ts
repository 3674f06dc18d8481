/**
 * Places in the app as addresses.
 *
 * They stand behind the `#`, which browsers don't send: the server isn't told which page somebody has open. Owns only
 * the spelling.
 */

export interface Route {
  place: string;
  /** Of a space or a person, where the place is one's. */
  id: string | null;
}

export const home: Route = { place: '', id: null };

/** `#/clients/ab12` → clients, ab12. Anything else is the first page. */
export function readRoute(hash: string): Route {
  const found = /^#\/([a-z-]{1,24})(?:\/([0-9a-f]{1,64}))?$/.exec(hash);
  return found ? { place: found[1] ?? '', id: found[2] ?? null } : home;
}

export function writeRoute(place: string, id: string | null = null): string {
  return id === null ? `#/${place}` : `#/${place}/${id}`;
}

/** What brought somebody here; read once, before it is taken out of the address bar. */
export type Arrival =
  | { kind: 'plain' }
  | { kind: 'setup'; link: string }
  | { kind: 'join'; link: string }
  /** The path of a link whose secret part is not there any more. */
  | { kind: 'spent' }
  | { kind: 'demo'; handle: string; password: string }
  /** From the code on a recovery sheet. */
  | { kind: 'recover'; handle: string; words: string };

/** From the address as the browser has it. */
export function readArrival(href: string): Arrival {
  const url = new URL(href);
  const secret = url.hash.slice(1);
  const linked = secret !== '' && !secret.startsWith('/');
  if (url.pathname === '/join') return linked ? { kind: 'join', link: href } : { kind: 'spent' };
  if (url.pathname === '/setup') return linked ? { kind: 'setup', link: href } : { kind: 'spent' };
  return readDemo(secret) ?? readSheet(secret) ?? { kind: 'plain' };
}

/** The address without what must not stay in it. */
export function withoutSecret(href: string): string {
  const url = new URL(href);
  return url.pathname + (url.hash.startsWith('#/') ? url.hash : '');
}

/**
 * What the code on a recovery sheet says. A link, because that is what a phone's camera opens; behind the `#`, so that no
 * server is told; of this very server, so that one lands where the sheet is good for something.
 */
export function sheetLink(origin: string, handle: string, words: string): string {
  return `${origin}/#recover=${handle}/${words.trim().split(/\s+/).join('-')}`;
}

function readSheet(secret: string): Arrival | null {
  const found = /^recover=([a-z0-9.-]{1,64})\/([a-z-]{1,200})$/i.exec(secret);
  const [, handle, words] = found ?? [];
  if (handle === undefined || words === undefined) return null;
  return { kind: 'recover', handle, words: words.replaceAll('-', ' ') };
}

function readDemo(secret: string): Arrival | null {
  const encoded = /^demo=([A-Za-z0-9_-]{1,2000})$/.exec(secret)?.[1];
  if (encoded === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof found !== 'object' || found === null || !('handle' in found) || !('password' in found)) return null;
    const { handle, password } = found;
    return typeof handle === 'string' && typeof password === 'string' ? { kind: 'demo', handle, password } : null;
  } catch {
    return null;
  }
}
