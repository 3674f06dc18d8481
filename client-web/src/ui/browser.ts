/**
 * What the app wants of the browser besides drawing: keeping the language, naming this device, sharing, notices.
 *
 * Owns the few calls to `window` that components would otherwise scatter. Keeps nothing that anybody wrote.
 */

import type { Language } from '../i18n/entry';
import { languages } from '../i18n/entry';
import { keepNoticeLanguage, noticesNow, renewNotices, switchNoticesOff, switchNoticesOn } from '../port/notices';
import type { Notices } from '../port/notices';
import type { Port } from '../port/port';
import { reload } from '../port/shell';
import { keepAgain, keepNothing, mayKeep } from '../port/traces';

const languageItem = 'sotto.language';

export interface Browser {
  /** How the person would recognise this device in a list. */
  deviceName(): string;
  /** For the next start. */
  keepLanguage(language: Language): void;
  /** What is spoken now: for the page itself, and for notices when no page is open. */
  speaks(language: Language): void;
  /** Whether this is her own computer. Done when whatever was kept here is gone. */
  borrowed(borrowed: boolean): Promise<void>;
  reload(): void;
  /** The system's sheet for passing something on, where there is one. */
  share: ((data: { title: string; url: string }) => Promise<void>) | null;
  copy(text: string): Promise<void>;
  /** Puts a file where the browser puts what is downloaded. */
  save(file: Blob, name: string): void;
  print(): void;
  /** Notices that something new has come; off until turned on. */
  notices: {
    now(): Promise<Notices>;
    turnOn(port: Port): Promise<Notices>;
    turnOff(port: Port): Promise<Notices>;
    renew(port: Port): Promise<void>;
  };
}

export function keptLanguage(): Language | null {
  try {
    const kept = localStorage.getItem(languageItem);
    return languages.find((language) => language === kept) ?? null;
  } catch {
    // Storage is blocked; the browser's own language will do.
    return null;
  }
}

/** Product and system in two words; it is sealed like everything else a person names. */
export function nameDevice(agent: string): string {
  const product = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrom(e|ium)\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Browser';
  const system = /iPhone/.test(agent)
    ? 'iPhone'
    : /iPad/.test(agent)
      ? 'iPad'
      : /Android/.test(agent)
        ? 'Android'
        : /Mac OS X/.test(agent)
          ? 'Mac'
          : /Windows/.test(agent)
            ? 'Windows'
            : /Linux|X11/.test(agent)
              ? 'Linux'
              : '';
  return system === '' ? product : `${product} · ${system}`;
}

/** A browser reads what it saves for a while after it was told to. */
const SAVED_MS = 60_000;

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVED_MS);
}

export function thisBrowser(): Browser {
  return {
    deviceName: () => nameDevice(navigator.userAgent),
    keepLanguage(language) {
      if (!mayKeep()) return;
      try {
        localStorage.setItem(languageItem, language);
      } catch {
        // It holds until the page is closed, then.
      }
    },
    speaks(language) {
      document.documentElement.lang = language;
      void keepNoticeLanguage(language);
    },
    borrowed: async (borrowed) => (borrowed ? keepNothing() : keepAgain()),
    reload: () => void reload(),
    share: typeof navigator.share === 'function' ? (data) => navigator.share(data) : null,
    copy: (text) => navigator.clipboard.writeText(text),
    save,
    print: () => print(),
    notices: { now: noticesNow, turnOn: switchNoticesOn, turnOff: switchNoticesOff, renew: renewNotices },
  };
}
