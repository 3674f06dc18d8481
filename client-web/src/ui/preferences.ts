/** Keeping one's preferences among the settings that only oneself can read, and taking them up on another device. */

import type { Language } from '../i18n/entry';
import { languages } from '../i18n/entry';
import { parsePreferences, settingIn, writePreferences } from '../state/settings';
import type { Session } from '../state/session.svelte';
import { newRecordId } from '../state/ids';
import type { App } from './context';

/** Best effort: the choice holds in this browser either way. */
export async function keepPreferences(app: App, language: Language): Promise<void> {
  if (app.session.status.phase !== 'open') return;
  try {
    const space = await app.session.ensureOwn(app.port);
    const value = writePreferences({ language });
    const draft = { kind: 'setting', name: 'preferences', value } as const;
    await app.port.ask('write', { space, id: newRecordId(), draft });
  } catch {
    // Said nowhere: nothing that was written is lost, and the language on screen is the one chosen.
  }
}

export function preferredLanguage(session: Session): Language | null {
  const setting = settingIn(session.own, 'preferences');
  const language = setting ? parsePreferences(setting.value).language : null;
  return languages.find((known) => known === language) ?? null;
}
