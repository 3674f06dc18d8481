import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedPort } from '../port/scripted';
import { Composer } from './composer.svelte';
import { aMessage } from './fixtures';

const stored = { author: 'aa', record: '01' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a composer', () => {
  it('keeps what is typed as a draft, once one pauses', async () => {
    const port = new ScriptedPort().always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: '', edit: null });
    composer.typed('h');
    composer.typed('he');
    await vi.advanceTimersByTimeAsync(249);
    expect(port.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(port.asksOf('keepDraft')).toEqual([{ space: '11', target: null, text: 'he' }]);
    await composer.keep();
    expect(port.asked.length).toBe(1);
  });

  it('keeps a draft at once when told to, and again when keeping failed', async () => {
    const port = new ScriptedPort().failOnce('keepDraft', 'storage_full').always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: '', edit: null });
    composer.typed('he');
    await composer.keep();
    await composer.keep();
    expect(port.asksOf('keepDraft').length).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(port.asksOf('keepDraft').length).toBe(2);
  });

  it('empties itself and its draft when the message is stored', async () => {
    const port = new ScriptedPort().always('write', stored).always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: ' hello ', edit: null });
    expect(await composer.send({ bring: true })).toBe(true);
    expect(port.asksOf('write')[0]?.draft).toEqual({ kind: 'message', text: 'hello', bring: true, showAt: null });
    expect(composer.text).toBe('');
    expect(port.asksOf('keepDraft')).toEqual([{ space: '11', target: null, text: '' }]);
  });

  it('loses nothing when storing fails, and tries again as the same message', async () => {
    const port = new ScriptedPort().failOnce('write', 'crashed').always('write', stored).always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: 'hello', edit: null });
    expect(await composer.send()).toBe(false);
    expect(composer.text).toBe('hello');
    expect(composer.asking.code).toBe('crashed');
    expect(await composer.send()).toBe(true);
    const [first, second] = port.asksOf('write');
    expect(first?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.id).toBe(first?.id);
  });

  it('makes another message of another text, and of the same text written twice', async () => {
    const port = new ScriptedPort().failOnce('write', 'crashed').always('write', stored).always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: 'hello', edit: null });
    await composer.send();
    composer.typed('hello you');
    await composer.send();
    composer.typed('hello you');
    await composer.send();
    expect(new Set(port.asksOf('write').map((ask) => ask.id)).size).toBe(3);
  });

  it('keeps what is typed while a message is being stored', async () => {
    const port = new ScriptedPort().always('keepDraft', undefined);
    const held = port.hold('write');
    const composer = new Composer(port, { id: '11', draft: 'hello', edit: null });
    const sent = composer.send();
    composer.typed('hello\nand more');
    expect(await composer.send()).toBe(false);
    held.answer(stored);
    expect(await sent).toBe(true);
    expect(composer.text).toBe('and more');
    expect(port.asksOf('write').length).toBe(1);
    expect(port.asksOf('keepDraft').at(-1)?.text).toBe('and more');
  });

  it('puts words at the end of what is typed, keeps them, and goes on there', async () => {
    const port = new ScriptedPort().always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: '', edit: null });
    composer.insert('See you on Thursday.');
    composer.typed('See you on Thursday. \n');
    composer.insert('Take care.');
    expect([composer.text, composer.wanted]).toEqual(['See you on Thursday.\nTake care.', 2]);
    await vi.advanceTimersByTimeAsync(250);
    expect(port.asksOf('keepDraft')).toEqual([{ space: '11', target: null, text: 'See you on Thursday.\nTake care.' }]);
  });

  it('sends neither nothing nor too much', async () => {
    const composer = new Composer(new ScriptedPort(), { id: '11', draft: '  \n', edit: null });
    expect(await composer.send()).toBe(false);
    composer.typed('ä'.repeat(40_000));
    expect(composer.tooLongBy).toBe(80_000 - 65_536);
    expect(await composer.send()).toBe(false);
    composer.typed('a'.repeat(65_536));
    expect(composer.tooLongBy).toBe(0);
  });

  it('edits a message while the draft waits', async () => {
    const port = new ScriptedPort().always('write', stored).always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: 'a draft', edit: null });
    const message = aMessage();
    composer.edit(message);
    expect(composer.text).toBe('hello');
    composer.typed('hello there');
    expect(await composer.send()).toBe(true);
    expect(port.asksOf('write')[0]?.draft).toEqual({ kind: 'edit', target: message.id, text: 'hello there' });
    expect(composer.text).toBe('a draft');
    expect(composer.editing).toBeNull();
    composer.edit(message);
    composer.cancelEdit();
    expect(composer.text).toBe('a draft');
    composer.edit(aMessage({ body: { kind: 'takenBack' } }));
    expect(composer.editing).toBeNull();
    // The draft itself was never touched.
    await vi.advanceTimersByTimeAsync(1000);
    expect(port.asksOf('keepDraft').filter((ask) => ask.target === null)).toEqual([]);
  });

  it('keeps the new text of a message until it is sent or left', async () => {
    const port = new ScriptedPort().always('write', stored).always('keepDraft', undefined);
    const composer = new Composer(port, { id: '11', draft: '', edit: null });
    const message = aMessage();
    composer.edit(message);
    composer.typed('hello there');
    await vi.advanceTimersByTimeAsync(250);
    const kept = { space: '11', target: message.id.record };
    expect(port.asksOf('keepDraft').at(-1)).toEqual({ ...kept, text: 'hello there' });
    await composer.send();
    expect(port.asksOf('keepDraft').at(-1)).toEqual({ ...kept, text: '' });
    composer.edit(message);
    composer.cancelEdit();
    await vi.advanceTimersByTimeAsync(250);
    expect(port.asksOf('keepDraft').at(-1)).toEqual({ ...kept, text: '' });
  });

  it('goes on with an edit after a reload, and finds the draft again behind it', async () => {
    const port = new ScriptedPort().always('write', stored).always('keepDraft', undefined);
    const target = aMessage().id;
    const composer = new Composer(port, { id: '11', draft: 'a draft', edit: { target, text: 'hello th' } });
    expect([composer.text, composer.editing]).toEqual(['hello th', target]);
    composer.typed('hello there');
    expect(await composer.send()).toBe(true);
    expect(port.asksOf('write')[0]?.draft).toEqual({ kind: 'edit', target, text: 'hello there' });
    expect([composer.text, composer.editing]).toEqual(['a draft', null]);
  });
});
