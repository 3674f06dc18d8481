/**
 * What is being written.
 *
 * Owns the text, keeping it as a draft, and sending it once. Refuses to know the field it is typed into. Invariant: text
 * leaves the composer only when the engine has stored it, as a message or as a draft.
 */

import type { Draft, MessageId, MessageView, RecordId, SpaceId, SpaceView } from '../core/types';
import type { Port } from '../port/port';
import { Asking } from './asking.svelte';
import { newRecordId } from './ids';

const keepAfterMs = 250;
/** As the protocol has it (`TEXT_BYTES_MAX`), in UTF-8. */
export const textBytesMax = 64 * 1024;

export class Composer {
  text: string = $state('');
  /** The message whose text is being changed; the draft waits meanwhile. Both outlast the page. */
  editing: MessageId | null = $state.raw(null);
  readonly asking = new Asking();
  /** Counts the times that the field was asked to take the keyboard. */
  wanted: number = $state(0);
  /** Counts the new messages that were sent from here. */
  sent: number = $state(0);
  readonly #port: Port;
  readonly #space: SpaceId;
  /** Kept while an edit is written. */
  #draftAside = '';
  #kept: string;
  #keptEdit: { record: RecordId; text: string } | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The same text tried again is the same message. */
  #attempt: { id: RecordId; draft: string } | null = null;

  constructor(port: Port, { id, draft, edit }: Pick<SpaceView, 'id' | 'draft' | 'edit'>) {
    this.#port = port;
    this.#space = id;
    this.text = draft;
    this.#kept = draft;
    if (edit === null) return;
    this.#draftAside = draft;
    this.editing = edit.target;
    this.text = edit.text;
    this.#keptEdit = { record: edit.target.record, text: edit.text };
  }

  readonly empty = $derived.by(() => this.text.trim() === '');

  /** By how many characters it is too long, about. */
  readonly tooLongBy = $derived.by(() => {
    // A character takes at most 3 bytes per UTF-16 unit, so short texts needn't be measured.
    if (this.text.length * 3 <= textBytesMax) return 0;
    return Math.max(0, new TextEncoder().encode(this.text).length - textBytesMax);
  });

  /** Something was typed. */
  typed(text: string): void {
    this.text = text;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(), keepAfterMs);
  }

  /** Puts words at the end of what is typed, and goes on there. */
  insert(words: string): void {
    const before = this.text.trimEnd();
    this.typed(before === '' ? words : `${before}\n${words}`);
    this.wanted += 1;
  }

  /** Keeps the draft now: the page is hidden or left. */
  async keep(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#keepEdit();
    const draft = this.editing ? this.#draftAside : this.text;
    if (draft === this.#kept) return;
    const before = this.#kept;
    this.#kept = draft;
    try {
      await this.#port.ask('keepDraft', { space: this.#space, target: null, text: draft });
    } catch {
      // It stays in the field, and the next keystroke tries again.
      if (this.#kept === draft) this.#kept = before;
    }
  }

  /** The same for a message that is being changed. What became of one that isn't any more is not kept. */
  async #keepEdit(): Promise<void> {
    const before = this.#keptEdit;
    const now = this.editing && { record: this.editing.record, text: this.text };
    if (before?.record === now?.record && before?.text === now?.text) return;
    this.#keptEdit = now;
    const ask = now
      ? { space: this.#space, target: now.record, text: now.text }
      : before && { space: this.#space, target: before.record, text: '' };
    if (!ask) return;
    try {
      await this.#port.ask('keepDraft', ask);
    } catch {
      if (this.#keptEdit === now) this.#keptEdit = before;
    }
  }

  edit(message: MessageView): void {
    if (message.body.kind !== 'text') return;
    if (!this.editing) this.#draftAside = this.text;
    this.editing = message.id;
    this.text = message.body.text;
    this.wanted += 1;
    this.asking.clear();
    void this.keep();
  }

  cancelEdit(): void {
    this.editing = null;
    this.text = this.#draftAside;
    this.#draftAside = '';
    this.asking.clear();
    void this.keep();
  }

  /** Whether it is stored. */
  async send(how: { bring?: boolean; showAt?: number | null } = {}): Promise<boolean> {
    if (this.empty || this.tooLongBy > 0) return false;
    const text = this.text.trim();
    const target = this.editing;
    const draft: Draft = target
      ? { kind: 'edit', target, text }
      : { kind: 'message', text, bring: how.bring ?? false, showAt: how.showAt ?? null };
    const said = JSON.stringify(draft);
    if (this.#attempt?.draft !== said) this.#attempt = { id: newRecordId(), draft: said };
    const { id } = this.#attempt;
    const typed = this.text;
    const stored = await this.asking.run(() => this.#port.ask('write', { space: this.#space, id, draft }));
    if (!stored) return false;
    this.#attempt = null;
    if (target) {
      if (this.editing === target) this.cancelEdit();
    } else {
      this.sent += 1;
      // What was typed meanwhile stays.
      this.text = this.text.startsWith(typed) ? this.text.slice(typed.length).trimStart() : this.text;
    }
    await this.keep();
    return true;
  }
}
