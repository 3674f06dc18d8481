import { expect, it } from 'vitest';
import { onThisMachine } from './network';

it('knows a server on this machine by its name', () => {
  for (const host of ['localhost', 'sotto.localhost', '127.0.0.1', '127.8.0.1', '[::1]'])
    expect(onThisMachine(host), host).toBe(true);
  for (const host of ['practice.example', 'localhost.example', '127.0.0.1.example', '10.0.0.127', '192.168.1.2'])
    expect(onThisMachine(host), host).toBe(false);
});
