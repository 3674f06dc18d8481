import { describe, expect, it } from 'vitest';
import type { Role, SpaceView } from '../core/types';
import { client, me, ownSpace, setting, space } from './careFixtures';
import { anAccount } from './fixtures';
import { missing, ownValue } from './publishing';
import { writePractice } from './settings';

const owner = 'e5'.repeat(16);
const account = (role: Role) => anAccount({ account: me, handle: 'elena', role });
const practice = writePractice({ phone: '+1 212 555 0100', region: 'us', lockAfterMinutes: 5 });
const names = (list: ReturnType<typeof missing>) =>
  list.map(({ space: id, name, value }) => [id.slice(0, 2), name, value]);
/** A space with the owner and nobody else. */
function staff(id: string, change: Partial<SpaceView> = {}): SpaceView {
  const made = space(id, [], change);
  return { ...made, members: [...made.members.slice(0, 1), { account: owner, name: null, role: 'owner', me: false }] };
}

describe('a therapist’s card', () => {
  const own = ownSpace([setting('availability', 'card 2', { sentAt: 2 })]);

  it('is missing where there is none of hers, or an old one', () => {
    const there = space('11', [], { settings: [setting('availability', 'card 2')] });
    const old = space('22', [], { settings: [setting('availability', 'card 1')] });
    const bare = space('33', [], { settings: [setting('availability', 'card 2', { author: client })] });
    expect(names(missing(account('therapist'), own, [own, there, old, bare, staff('44')]))).toEqual([
      ['22', 'availability', 'card 2'],
      ['33', 'availability', 'card 2'],
    ]);
  });

  it('waits where nothing can be written', () => {
    const shut = [
      space('11', [], { confirmed: false }),
      space('22', [], { member: false }),
      space('33', [], { alarm: { kind: 'forked' } }),
    ];
    expect(missing(account('therapist'), own, shut)).toEqual([]);
  });

  it('is what her own space says, even when a device with a wrong clock wrote another one', () => {
    const ahead = space('11', [], { settings: [setting('availability', 'card 1', { sentAt: 9 })] });
    expect(ownValue('availability', own, [ahead], me)).toBe('card 2');
    expect(ownValue('availability', ownSpace(), [ahead], me)).toBe('card 1');
    expect(ownValue('availability', null, [], me)).toBeNull();
  });

  it('is nobody’s business but hers', () => {
    expect(missing(account('front_desk'), own, [space('11', [])])).toEqual([]);
  });
});

describe('the practice’s details', () => {
  it('go from the owner to all her spaces', () => {
    const own = ownSpace([setting('practice', practice)]);
    expect(names(missing(account('owner_therapist'), own, [space('11', []), staff('22')]))).toEqual([
      ['11', 'practice', practice],
      ['22', 'practice', practice],
    ]);
  });

  it('go on from a therapist to her clients, when the owner changed them', () => {
    const said = staff('22', { settings: [setting('practice', practice, { author: owner })] });
    const there = space('11', [], { settings: [setting('practice', practice)] });
    expect(names(missing(account('therapist'), ownSpace(), [said, there, space('33', [])]))).toEqual([
      ['33', 'practice', practice],
    ]);
  });

  it('are not taken from a client, nor passed on as they came', () => {
    const client_ = space('11', [], { settings: [setting('practice', practice, { author: client })] });
    expect(missing(account('therapist'), ownSpace(), [client_, space('22', [])])).toEqual([]);
    const odd = staff('22', { settings: [setting('practice', '{"v":1,"phone":"<b>","x":1}', { author: owner })] });
    expect(names(missing(account('therapist'), ownSpace(), [odd, space('33', [])]))).toEqual([
      ['33', 'practice', writePractice({ phone: '', region: 'us', lockAfterMinutes: 10 })],
    ]);
  });
});
