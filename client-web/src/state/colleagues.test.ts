import { expect, it } from 'vitest';
import { colleagueIn, colleagueSpaces, withNews } from './colleagues';
import { aSpace, me, therapist } from './fixtures';
import { careSpaces } from './today';

const elena = { ...therapist, me: true };
const marta = { account: 'dd', name: 'Marta', role: 'owner' as const, me: false };
const noor = { ...me, me: false };
const care = aSpace({ id: '11', members: [noor, elena] });
const practice = aSpace({ id: '22', members: [elena, marta], unread: 2 });
const own = aSpace({ id: '33', members: [elena] });
const shared = aSpace({ id: '44', members: [noor, elena, { ...marta, role: 'prescriber' }] });

it('tells conversations between colleagues from those with clients, and from one’s own space', () => {
  const all = [care, practice, own, shared];
  expect(colleagueSpaces(all)).toEqual([practice]);
  expect(careSpaces(all)).toEqual([care, shared]);
  expect(colleagueIn(practice)).toBe(marta);
});

it('is never what a client sees', () => {
  expect(colleagueSpaces([aSpace()])).toEqual([]);
});

it('has news where something was not looked at', () => {
  expect(withNews([practice, { ...practice, id: '55', unread: 0 }])).toEqual([practice]);
});
