import { describe, expect, it } from 'vitest';
import { aSpace } from './fixtures';
import * as settings from './settings';

const hostile = ['', 'null', '[]', '7', '{', '{"v":2}', '{"v":1}', '{"v":1,"hours":7,"zone":7,"done":[],"person":[1]}'];

describe('settings from other people’s devices', () => {
  it.each(hostile)('never throw: %s', (json) => {
    settings.parseAvailability(json);
    settings.parsePractice(json);
    settings.parseAgreement(json);
    expect(settings.parsePhrases(json)).toEqual([]);
    expect(settings.parseToday(json)).toEqual(settings.todayNone);
    expect(settings.parseHelp(json)).toEqual(settings.helpNone);
    expect(settings.parsePreferences(json)).toEqual({ language: null });
  });

  it('come back as they were written', () => {
    const card: settings.Availability = {
      zone: 'America/New_York',
      hours: [{ day: 1, from: 540, to: 1020 }],
      withinWorkingDays: 2,
      line: 'I read in the morning.',
      phone: '+1 212 555 0142',
      away: { from: '2026-12-21', until: '2027-01-02', message: 'Resting.', cover: 'Dr. Haddad' },
    };
    expect(settings.parseAvailability(settings.writeAvailability(card))).toEqual(card);
    const practice = { phone: '(212) 555-0100', region: 'us', lockAfterMinutes: 5 };
    expect(settings.parsePractice(settings.writePractice(practice))).toEqual(practice);
    const agreement = { document: 'messages', language: 'en', text: 'Yes.', at: 12 };
    expect(settings.parseAgreement(settings.writeAgreement(agreement))).toEqual(agreement);
    expect(settings.parsePhrases(settings.writePhrases(['a', 'b']))).toEqual(['a', 'b']);
    const today = { done: { '11aabbcc': 4 }, held: { '11aabbcc': 2 }, at: { '11aabbcc': 9 } };
    expect(settings.parseToday(settings.writeToday(today))).toEqual(today);
    const help = { person: { name: 'Ana', phone: '555 0100' }, plan: 'Walk.\nCall.' };
    expect(settings.parseHelp(settings.writeHelp(help))).toEqual(help);
    expect(settings.parsePreferences(settings.writePreferences({ language: 'es' }))).toEqual({ language: 'es' });
  });

  it('know what a phone can dial', () => {
    expect(['', ' ', '+1 212 555 0100', '(212) 555-0100', '988'].map(settings.dialable)).not.toContain(false);
    expect(['call me', '<b>', '+', '1;2'].map(settings.dialable)).not.toContain(true);
  });

  it('keep within bounds', () => {
    const card = settings.parseAvailability(
      JSON.stringify({
        v: 1,
        zone: 'Europe/Madrid',
        hours: [
          { day: 0, from: 0, to: 60 },
          { day: 2, from: 600, to: 540 },
          { day: 3, from: -1, to: 60 },
          { day: 3, from: 1.5, to: 60 },
          { day: 5, from: 0, to: 1441 },
          'x',
          { day: 4, from: 600, to: 660 },
          { day: 1, from: 600, to: 660 },
        ],
        within: { workingDays: 1e9 },
        line: 'x'.repeat(5000),
        phone: 'javascript:alert(1)',
        away: { from: '2026-12-24', until: '2026-12-21', message: '', cover: '' },
      }),
    );
    expect(card?.hours.map((span) => span.day)).toEqual([1, 4]);
    expect(card).toMatchObject({ withinWorkingDays: 1, phone: '', away: null });
    expect(card?.line.length).toBe(200);
    expect(settings.parseAvailability('{"v":1,"zone":"Nowhere/At all","hours":[]}')).toBeNull();
    expect(settings.parsePractice('{"v":1,"lockAfterMinutes":0,"region":"US!"}')).toEqual(settings.practiceUsual);
    expect(settings.parseToday('{"v":1,"done":{"__proto__":1,"11":2,"aabbccdd":-1}}').done).toEqual({});
  });
});

describe('finding a setting', () => {
  const setting = (author: string, value: string, sentAt: number) => ({ author, name: 'practice', value, sentAt });
  const space = aSpace({ settings: [setting('bb', 'old', 1), setting('bb', 'new', 3), setting('aa', 'mine', 5)] });

  it('takes the newest, of one author or of all', () => {
    expect(settings.settingIn(space, 'practice')?.value).toBe('mine');
    expect(settings.settingIn(space, 'practice', 'bb')?.value).toBe('new');
    expect(settings.settingIn(space, 'help')).toBeNull();
    expect(settings.settingIn(null, 'help')).toBeNull();
  });

  it('does not take a client’s word for what the practice says', () => {
    expect(settings.settingBy(space, 'practice', ['therapist'])?.value).toBe('new');
    expect(settings.settingBy(space, 'practice', ['owner'])).toBeNull();
  });
});
