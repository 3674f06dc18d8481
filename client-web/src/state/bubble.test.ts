import { describe, expect, it } from 'vitest';
import { actionsFor, bubbleState } from './bubble';
import { aMessage, aSpace, me } from './fixtures';

const space = aSpace();
const kind = (change: Parameters<typeof aMessage>[0], at = 2000, of = space) =>
  bubbleState(aMessage(change), of, at).kind;

describe('what is said under a message', () => {
  it('is one state at most', () => {
    expect(kind({})).toBe('delivered');
    expect(kind({ seq: null })).toBe('waiting');
    expect(kind({ seq: null }, 2000, aSpace({ needsConsent: true }))).toBe('waitingForYou');
    expect(kind({ refused: true, seq: null })).toBe('refused');
    expect(kind({ held: true, readBy: ['bb'] })).toBe('held');
    expect(kind({ body: { kind: 'takenBack' }, held: true })).toBe('none');
    expect(kind({ mine: false })).toBe('none');
    expect(kind({ mine: false, held: true })).toBe('held');
  });

  it('says who has read, but not that one has oneself', () => {
    expect(bubbleState(aMessage({ readBy: ['bb'] }), space, 2000)).toEqual({ kind: 'read', by: 'Elena' });
    expect(kind({ readBy: [me.account] })).toBe('delivered');
    expect(kind({ readBy: ['somebody else'] })).toBe('delivered');
  });

  it('says when it goes, until it went', () => {
    expect(bubbleState(aMessage({ showAt: 3000 }), space, 2000)).toEqual({ kind: 'goesAt', at: 3000 });
    expect(kind({ showAt: 3000 }, 3000)).toBe('delivered');
  });
});

describe('what can be done with a message', () => {
  const day = 24 * 3_600_000;

  it('is only reading, while older messages are on their way', () => {
    expect(actionsFor(aMessage(), aSpace({ partial: true }), 'client', 2000)).toEqual(['copy']);
    expect(actionsFor(aMessage({ mine: false }), aSpace({ partial: true }), 'therapist', 2000)).toEqual(['copy']);
  });

  it('depends on whose it is and who looks', () => {
    expect(actionsFor(aMessage(), space, 'client', 2000)).toEqual(['bring', 'edit', 'takeBack', 'copy']);
    expect(actionsFor(aMessage({ mine: false }), space, 'therapist', 2000)).toEqual(['read', 'hold', 'copy']);
    expect(actionsFor(aMessage({ mine: false, readBy: ['aa'], held: true }), space, 'therapist', 2000)).toEqual([
      'copy',
    ]);
    expect(actionsFor(aMessage(), space, 'therapist', 2000)).toEqual(['edit', 'takeBack', 'copy']);
    // Between colleagues there is no session to bring or keep anything for.
    expect(actionsFor(aMessage(), space, 'colleague', 2000)).toEqual(['edit', 'takeBack', 'copy']);
    expect(actionsFor(aMessage({ mine: false }), space, 'colleague', 2000)).toEqual(['read', 'copy']);
  });

  it('ends with time, and where nothing can be written', () => {
    expect(actionsFor(aMessage(), space, 'client', 1001 + day)).toEqual(['bring', 'edit', 'copy']);
    for (const change of [{ member: false }, { confirmed: false }, { alarm: { kind: 'forked' as const } }]) {
      expect(actionsFor(aMessage(), aSpace(change), 'client', 2000)).toEqual(['copy']);
    }
    expect(actionsFor(aMessage({ seq: null }), space, 'client', 2000)).toEqual(['copy']);
    expect(actionsFor(aMessage({ body: { kind: 'takenBack' } }), space, 'client', 2000)).toEqual([]);
  });
});
