import { describe, expect, it } from 'vitest';
import { CardDraft, clockOf, minutesOf } from './card.svelte';
import { parseAvailability, writeAvailability, type Availability } from './settings';

const zone = 'Europe/Madrid';
const hours = (draft: CardDraft) => draft.card?.hours.map(({ day, from, to }) => [day, from, to]);

describe('a card being written', () => {
  it('begins with what there is, and leaves what it does not show alone', () => {
    const card: Availability = {
      zone: 'America/New_York',
      hours: [
        { day: 2, from: 540, to: 720 },
        { day: 2, from: 840, to: 1440 },
      ],
      withinWorkingDays: 2,
      line: 'slowly',
      phone: '+1 212 555 0100',
      away: { from: '2026-05-12', until: '2026-05-13', message: 'm', cover: 'c' },
    };
    const draft = new CardDraft(card, zone);
    expect(draft.card).toEqual(card);
    expect(parseAvailability(writeAvailability(card))).toEqual(card);
  });

  it('offers ordinary hours in the zone of the device when there is none', () => {
    const draft = new CardDraft(null, zone);
    expect(draft.card).toMatchObject({ zone, withinWorkingDays: 1, away: null });
    expect(hours(draft)).toEqual([1, 2, 3, 4].map((day) => [day, 540, 1020]));
  });

  it('adds a day like the one before, and a second stretch after the first', () => {
    const draft = new CardDraft(null, zone);
    draft.add(5);
    draft.add(5);
    expect(hours(draft)?.slice(4)).toEqual([
      [5, 540, 1020],
      [5, 1080, 1200],
    ]);
    draft.clear(5);
    expect(hours(draft)?.length).toBe(4);
  });

  it('copies a day to Monday to Friday and leaves the weekend', () => {
    const draft = new CardDraft(null, zone);
    draft.add(6);
    draft.clear(1);
    draft.add(1);
    const monday = draft.of(1)[0];
    if (!monday) throw new Error('Monday has no hours');
    monday.from = '10:00';
    draft.copyToWeekdays(1);
    expect(hours(draft)).toEqual([
      [1, 600, 1020],
      [2, 600, 1020],
      [3, 600, 1020],
      [4, 600, 1020],
      [5, 600, 1020],
      [6, 540, 1020],
    ]);
  });

  it('says what is wrong, and gives no card then', () => {
    const draft = new CardDraft(null, zone);
    for (const day of [1, 2, 3, 4]) draft.clear(day);
    expect([draft.problem, draft.card]).toEqual([{ kind: 'noDay' }, null]);
    draft.add(3);
    const span = draft.of(3)[0];
    if (!span) throw new Error('Wednesday has no hours');
    span.to = '08:00';
    expect([draft.problem, draft.card]).toEqual([{ kind: 'order', day: 3 }, null]);
    span.to = '';
    expect(draft.problem).toEqual({ kind: 'order', day: 3 });
    span.to = '12:00';
    draft.spans.push({ day: 3, from: '11:59', to: '13:00' });
    expect([draft.problem, draft.card]).toEqual([{ kind: 'overlap', day: 3 }, null]);
  });

  it('reads times as browsers give them', () => {
    expect(['00:00', '09:05', '23:59:30', '24:00', '9:00', ''].map(minutesOf)).toEqual([
      0,
      545,
      1439,
      null,
      null,
      null,
    ]);
    expect([0, 545, 1440].map(clockOf)).toEqual(['00:00', '09:05', '00:00']);
  });
});
