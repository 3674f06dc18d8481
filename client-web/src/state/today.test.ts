import { describe, expect, it } from 'vitest';
import { client, me, message, space } from './careFixtures';
import { todayNone, type Availability } from './settings';
import { deskOf, nothingWaits, noted, putAway, putBack, tidy, type Desk } from './today';

const card: Availability = {
  zone: 'America/New_York',
  hours: [1, 2, 3, 4].map((day) => ({ day, from: 540, to: 1020 })),
  withinWorkingDays: 1,
  line: '',
  phone: '',
  away: null,
};
/** New York, May 2026, when it is four hours behind; the 11th is a Monday. */
const at = (day: number, hour: number) => Date.UTC(2026, 4, day, hour + 4);
const startOfDay = at(13, 0);
const sent = (record: number, when: number, change = {}) =>
  message(record, { sentAt: when, storedAt: when, ...change });

function places(desk: Desk): Record<string, number[]> {
  const of = (list: Desk['answer']) => list.flatMap((one) => one.messages.map((m) => m.seq ?? -1));
  return { answer: of(desk.answer), read: of(desk.read), held: of(desk.held) };
}

describe('the buckets', () => {
  it('ask for an answer after her own newest message', () => {
    const asked = space('11', [message(4), message(6), message(7)], { unanswered: 2 });
    expect(places(deskOf([asked], todayNone, card, startOfDay))).toEqual({ answer: [6, 7], read: [], held: [] });
  });

  it('leave out what she has tapped as read, and what was taken back', () => {
    const asked = space('11', [message(5, { readBy: [me] }), message(6), message(7, { body: { kind: 'takenBack' } })], {
      unanswered: 2,
    });
    expect(places(deskOf([asked], todayNone, card, startOfDay)).answer).toEqual([6]);
  });

  it('keep somebody else’s tap apart from hers', () => {
    const asked = space('11', [message(6, { readBy: [client] })], { unanswered: 1 });
    expect(places(deskOf([asked], todayNone, card, startOfDay)).answer).toEqual([6]);
  });

  it('ask to read what is new and older than her answer', () => {
    const crossed = space('11', [message(3), message(5)], { unanswered: 0, unread: 1 });
    expect(places(deskOf([crossed], todayNone, card, startOfDay))).toEqual({ answer: [], read: [5], held: [] });
  });

  it('ask only to read where nothing can be written', () => {
    const asked = { unanswered: 1, unread: 1 };
    for (const change of [{ confirmed: false }, { member: false }, { alarm: { kind: 'forged' } as const }]) {
      const there = space('11', [message(3)], { ...asked, ...change });
      expect(places(deskOf([there], todayNone, card, startOfDay))).toEqual({ answer: [], read: [3], held: [] });
    }
    const set = space('11', [message(3)], { ...asked, alarm: { kind: 'setBack' } });
    expect(places(deskOf([set], todayNone, card, startOfDay)).answer).toEqual([3]);
  });

  it('hold what was brought or kept, whoever wrote it, and ask no answer to it', () => {
    const held = space(
      '11',
      [message(2, { held: true }), message(3, { bring: true, readBy: [me] }), message(4, { mine: true, bring: true })],
      { unanswered: 2, unread: 2 },
    );
    expect(places(deskOf([held], todayNone, card, startOfDay))).toEqual({ answer: [], read: [], held: [2, 3, 4] });
  });

  it('know only spaces with a client', () => {
    const staff = space('11', [message(3)], { unanswered: 1 });
    staff.members = staff.members.map((one) => ({ ...one, role: 'therapist' }));
    expect(nothingWaits(deskOf([staff], todayNone, card, startOfDay))).toBe(true);
  });
});

describe('the order', () => {
  it('is her promise: what is due first, then what came first; without hours, what came first', () => {
    const late = space('11', [sent(3, at(12, 18))], { unanswered: 1 });
    const early = space('22', [sent(3, at(12, 10))], { unanswered: 1 });
    const desk = deskOf([late, early], todayNone, card, startOfDay);
    expect(desk.answer.map(({ space: { id }, due }) => [id.slice(0, 2), due])).toEqual([
      ['22', at(13, 17)],
      ['11', at(14, 17)],
    ]);
    const bare = deskOf([late, early], todayNone, null, startOfDay);
    expect(bare.answer.map(({ space: { id }, due }) => [id.slice(0, 2), due])).toEqual([
      ['22', null],
      ['11', null],
    ]);
  });

  it('counts from the oldest message of a conversation, and from when it could be read', () => {
    const two = space('11', [sent(3, at(12, 10)), sent(4, at(12, 18))], { unanswered: 2 });
    expect(deskOf([two], todayNone, card, startOfDay).answer[0]?.due).toBe(at(13, 17));
    const later = space('11', [sent(3, at(11, 18), { showAt: at(12, 9) })], { unanswered: 1 });
    expect(deskOf([later], todayNone, card, startOfDay).answer[0]?.due).toBe(at(13, 17));
  });

  it('waits out a weekend and time away', () => {
    const friday = space('11', [sent(3, at(15, 12))], { unanswered: 1 });
    expect(deskOf([friday], todayNone, card, startOfDay).answer[0]?.due).toBe(at(19, 17));
    const away = { from: '2026-05-18', until: '2026-05-20', message: '', cover: '' };
    expect(deskOf([friday], todayNone, { ...card, away }, startOfDay).answer[0]?.due).toBe(
      // Back on Thursday the 21st; the next working day is Monday.
      at(25, 17),
    );
  });

  it('keeps the time of her clock over a change of it', () => {
    // New York's clocks went forward on Sunday, March 8, 2026: Monday 17:00 is 21:00 UTC, not 22:00.
    const thursday = Date.UTC(2026, 2, 5, 15);
    const asked = space('11', [sent(3, thursday)], { unanswered: 1 });
    expect(deskOf([asked], todayNone, card, startOfDay).answer[0]?.due).toBe(Date.UTC(2026, 2, 9, 21));
  });
});

describe('putting away', () => {
  const asked = space('11', [message(2, { held: true }), message(6), message(8)], { unanswered: 2 });
  const waiting = deskOf([asked], todayNone, card, startOfDay);

  it('leaves what was kept for the session where it was, and the other way round', () => {
    const [answer, held] = [waiting.answer[0], waiting.held[0]];
    if (!answer || !held) throw new Error('nothing waits');
    const away = putAway(todayNone, answer, at(13, 12));
    expect(places(deskOf([asked], away, card, startOfDay))).toEqual({ answer: [], read: [], held: [2] });
    const session = putAway(todayNone, held, at(13, 12));
    expect(places(deskOf([asked], session, card, startOfDay))).toEqual({ answer: [6, 8], read: [], held: [] });
    const both = putAway(away, held, at(13, 12));
    expect(nothingWaits(deskOf([asked], both, card, startOfDay))).toBe(true);
  });

  it('shows again what comes after', () => {
    const answer = waiting.answer[0];
    if (!answer) throw new Error('nothing waits');
    const away = putAway(todayNone, answer, at(13, 12));
    const more = { ...asked, attention: [...asked.attention, message(9)], unanswered: 3 };
    expect(places(deskOf([more], away, card, startOfDay)).answer).toEqual([9]);
  });

  it('is told for the rest of the day, and can be undone', () => {
    const answer = waiting.answer[0];
    if (!answer) throw new Error('nothing waits');
    const away = putAway(todayNone, answer, at(13, 12));
    expect(deskOf([asked], away, card, startOfDay).done.map((one) => one.how)).toEqual(['putAway']);
    expect(deskOf([asked], away, card, at(14, 0)).done).toEqual([]);
    const back = putBack(away, asked.id);
    expect(places(deskOf([asked], back, card, startOfDay)).answer).toEqual([6, 8]);
  });

  it('is not told while something else waits there', () => {
    const more = { ...asked, attention: [...asked.attention, message(9)], unanswered: 3 };
    expect(deskOf([more], noted(todayNone, asked.id, at(13, 12)), card, startOfDay).done).toEqual([]);
  });

  it('counts an answer of today as done, but not one that was refused', () => {
    const last = sent(9, at(13, 10), { mine: true });
    const answered = space('11', [], { last });
    expect(deskOf([answered], todayNone, card, startOfDay).done.map((one) => one.how)).toEqual(['answered']);
    const refused = space('11', [], { last: { ...last, refused: true } });
    expect(deskOf([refused], todayNone, card, startOfDay).done).toEqual([]);
    expect(deskOf([answered], todayNone, card, at(14, 0)).done).toEqual([]);
  });

  it('forgets what hides nothing any more, and keeps what belongs to a space that is not here', () => {
    const other = '77'.repeat(16);
    const kept = { done: { [asked.id]: 6, [other]: 3 }, held: { [asked.id]: 1 }, at: { [asked.id]: at(12, 12) } };
    expect(tidy(kept, [asked], startOfDay)).toEqual({ done: { [asked.id]: 6, [other]: 3 }, held: {}, at: {} });
  });
});
