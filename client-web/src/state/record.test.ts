import { expect, it } from 'vitest';
import type { ExportWanted } from '../core/types';
import { ScriptedPort } from '../port/scripted';
import { dayBegins, dayEnds, recordName, RecordFile } from './record.svelte';

const wanted: ExportWanted = {
  spaces: null,
  from: null,
  until: null,
  form: 'html',
  language: 'en',
  zone: { name: 'UTC', offsets: [] },
};
const contents = { conversations: 1, messages: 2, takenBack: 0, settings: 0, records: 4, waiting: 0, incomplete: 0 };

function port(): ScriptedPort {
  return new ScriptedPort().always('exportBegin', { export: 7, contents });
}

it('puts the pieces together in their order', async () => {
  const scripted = port()
    .once('exportMore', () => ({ piece: '<p>ä', done: 1, of: 2, last: false }))
    .once('exportMore', () => ({ piece: '🌙</p>', done: 2, of: 2, last: true }));
  const file = await new RecordFile(scripted).make(wanted, 'a password');
  expect(await file?.text()).toBe('<p>ä🌙</p>');
  expect(file?.type).toBe('text/html;charset=utf-8');
  expect(scripted.asked).toEqual([
    { kind: 'exportBegin', ask: { wanted, password: 'a password' } },
    { kind: 'exportMore', ask: { export: 7 } },
    { kind: 'exportMore', ask: { export: 7 } },
  ]);
});

it('stops between two pieces', async () => {
  const scripted = port().always('exportStop', undefined);
  const record = new RecordFile(scripted);
  scripted.once('exportMore', () => {
    record.stop();
    return { piece: 'half', done: 1, of: 2, last: false };
  });
  expect(await record.make(wanted, 'a password')).toBeNull();
  expect(record.asking.failed).toBe(false);
  expect(scripted.asksOf('exportStop')).toEqual([{ export: 7 }]);
});

it('says what went wrong and leaves nothing behind', async () => {
  const scripted = port().failOnce('exportMore', 'record_changed');
  const record = new RecordFile(scripted);
  expect(await record.make(wanted, 'a password')).toBeNull();
  expect([record.asking.code, record.progress]).toEqual(['record_changed', null]);
  scripted.failOnce('exportBegin', 'wrong_password');
  expect(await record.make(wanted, 'wrong')).toBeNull();
  expect(record.asking.code).toBe('wrong_password');
});

it('reads days as they are here', () => {
  expect(dayBegins('')).toBeNull();
  expect(dayBegins('2026-03-08')).toBe(new Date(2026, 2, 8).getTime());
  expect(dayEnds('2026-03-08')).toBe(new Date(2026, 2, 9).getTime());
  expect(dayEnds('')).toBeNull();
  expect(recordName(new Date(2026, 2, 8))).toBe('record-2026-03-08.html');
});
