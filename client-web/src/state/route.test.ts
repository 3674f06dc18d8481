import { describe, expect, it } from 'vitest';
import { home, readArrival, readRoute, sheetLink, withoutSecret, writeRoute } from './route';

describe('routes', () => {
  it('come back as they were written', () => {
    expect(readRoute(writeRoute('me'))).toEqual({ place: 'me', id: null });
    expect(readRoute(writeRoute('clients', 'ab12'))).toEqual({ place: 'clients', id: 'ab12' });
    expect(readRoute('#/')).toEqual(home);
    for (const hash of ['', '#', '#demo=x', '#/clients/AB', '#/../x', '#/clients/ab/cd'])
      expect(readRoute(hash)).toEqual(home);
  });
});

describe('arrivals', () => {
  const demo = (value: unknown) =>
    `https://p.example/#demo=${Buffer.from(JSON.stringify(value)).toString('base64url')}`;

  it('are told apart', () => {
    const join = 'https://p.example/join#AbC-_';
    expect(readArrival(join)).toEqual({ kind: 'join', link: join });
    expect(readArrival('https://p.example/setup#x')).toEqual({ kind: 'setup', link: 'https://p.example/setup#x' });
    expect(readArrival('https://p.example/join')).toEqual({ kind: 'spent' });
    expect(readArrival('https://p.example/setup#')).toEqual({ kind: 'spent' });
    expect(readArrival('https://p.example/')).toEqual({ kind: 'plain' });
    expect(readArrival('https://p.example/#/me')).toEqual({ kind: 'plain' });
  });

  it('may be a sample practice', () => {
    expect(readArrival(demo({ handle: 'noor', password: 'ñ ok' }))).toEqual({
      kind: 'demo',
      handle: 'noor',
      password: 'ñ ok',
    });
    expect(readArrival(demo({ handle: 'noor' }))).toEqual({ kind: 'plain' });
    expect(readArrival('https://p.example/#demo=%%%')).toEqual({ kind: 'plain' });
    expect(readArrival('https://p.example/#demo=AAAA')).toEqual({ kind: 'plain' });
  });

  it('may be by the code on a recovery sheet, for whoever it belongs to', () => {
    const words = 'dubimal kahofin lizatog sovubal pogunad hivobir mudafon natilup';
    for (const handle of ['noor', 'n.o-r2']) {
      const link = sheetLink('https://p.example', handle, words);
      expect(new URL(link).pathname + new URL(link).search).toBe('/');
      expect(readArrival(link)).toEqual({ kind: 'recover', handle, words });
      expect(withoutSecret(link)).toBe('/');
    }
    for (const broken of ['#recover=', '#recover=noor', '#recover=noor/', '#recover=/a-b', '#recover=noor/a<b'])
      expect(readArrival(`https://p.example/${broken}`)).toEqual({ kind: 'plain' });
  });

  it('leave no secret in the address', () => {
    expect(withoutSecret('https://p.example/join#secret')).toBe('/join');
    expect(withoutSecret('https://p.example/#demo=secret')).toBe('/');
    expect(withoutSecret('https://p.example/?x=secret#/me')).toBe('/#/me');
  });
});
