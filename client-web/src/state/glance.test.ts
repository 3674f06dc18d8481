import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ScriptedPort } from '../port/scripted';
import { Glance } from './glance.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const tables = (count: number) => ({ tables: [{ name: 'records', count, columns: [], rows: [] }] });

it('fetches when it is looked at, once for any amount of news, and not any more when it is left', async () => {
  let count = 0;
  const port = new ScriptedPort().on('glance', () => tables(++count));
  const glance = new Glance(
    () => port.ask('glance'),
    () => 7,
  );
  const stop = glance.watch(port);
  await vi.advanceTimersByTimeAsync(0);
  expect([glance.value, glance.at]).toEqual([tables(1), 7]);
  for (let i = 0; i < 5; i++) port.tell({ kind: 'spaces', spaces: [] });
  await vi.advanceTimersByTimeAsync(2000);
  expect(glance.value).toEqual(tables(2));
  port.tell({ kind: 'spaces', spaces: [] });
  stop();
  port.tell({ kind: 'spaces', spaces: [] });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(port.asksOf('glance').length).toBe(2);
});

it('keeps the last answer when it can’t be asked, and asks once more what was asked meanwhile', async () => {
  const port = new ScriptedPort().once('glance', () => tables(1)).failOnce('glance', 'unreachable');
  port.always('glance', tables(3));
  const glance = new Glance(
    () => port.ask('glance'),
    () => 7,
  );
  await glance.fetch();
  await glance.fetch();
  expect([glance.asking.code, glance.value]).toEqual(['unreachable', tables(1)]);
  const held = port.hold('glance');
  const first = glance.fetch();
  await glance.fetch();
  held.answer(tables(2));
  await first;
  expect(glance.value).toEqual(tables(2));
  await vi.advanceTimersByTimeAsync(2000);
  expect(glance.value).toEqual(tables(3));
});
