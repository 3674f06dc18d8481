import { expect, test } from 'vitest';
import { PortError, type News } from './port';
import { ScriptedPort } from './scripted';

test('answers once scripts in order, then the standing one', async () => {
  const port = new ScriptedPort()
    .always('generatePassphrase', 'standing')
    .once('generatePassphrase', () => 'first')
    .failOnce('generatePassphrase', 'unreachable', { retryAfterMs: 5 });
  expect(await port.ask('generatePassphrase')).toBe('first');
  const failed = port.ask('generatePassphrase');
  await expect(failed).rejects.toThrow(PortError);
  await expect(failed).rejects.toMatchObject({ code: 'unreachable', detail: { retryAfterMs: 5 } });
  expect(await port.ask('generatePassphrase')).toBe('standing');
});

test('records what was asked, also what nobody scripted', async () => {
  const port = new ScriptedPort();
  await expect(port.ask('unlock', { password: 'x' })).rejects.toThrow('unlock');
  expect(port.asked).toEqual([{ kind: 'unlock', ask: { password: 'x' } }]);
  expect(port.asksOf('unlock')).toEqual([{ password: 'x' }]);
});

test('a held ask is answered when told', async () => {
  const port = new ScriptedPort();
  const held = port.hold('unlock');
  const asked = port.ask('unlock', { password: 'x' });
  held.fail('wrong_password');
  await expect(asked).rejects.toMatchObject({ code: 'wrong_password' });
});

test('tells everybody who still listens', () => {
  const port = new ScriptedPort();
  const heard: News[] = [];
  const stop = port.listen((news) => heard.push(news));
  port.tell({ kind: 'deviceRemoved' });
  stop();
  port.tell({ kind: 'deviceRemoved' });
  expect(heard).toEqual([{ kind: 'deviceRemoved' }]);
});
