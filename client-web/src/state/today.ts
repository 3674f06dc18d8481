/**
 * What waits for a therapist, sorted by her own promise.
 *
 * Owns which messages stand in which bucket and by when they are usually answered. Refuses to know how she is told, or who
 * keeps what she put away. Invariant: a message that may want an answer is somewhere until she has written, tapped, kept
 * or put it away; nothing leaves by itself.
 */

import type { MessageView, SpaceId, SpaceView } from '../core/types';
import { answersBy } from './availability';
import { readByMe } from './bubble';
import type { Availability, Today } from './settings';

export type Bucket = 'answer' | 'read' | 'held';

/** What one conversation has in one bucket. */
export interface Waiting {
  space: SpaceView;
  bucket: Bucket;
  /** Oldest first; never empty. */
  messages: MessageView[];
  /** When the oldest of them came. */
  since: number;
  /** By when she usually answers it; null without hours, or where no answer is asked. */
  due: number | null;
}

/** A conversation that she was through with today. */
export interface Finished {
  space: SpaceView;
  how: 'answered' | 'putAway';
}

export interface Desk {
  answer: Waiting[];
  read: Waiting[];
  held: Waiting[];
  done: Finished[];
}

/** Spaces with a client in them whom one treats. */
export function careSpaces(spaces: Iterable<SpaceView>): SpaceView[] {
  return [...spaces].filter((space) => space.members.some((one) => !one.me && one.role === 'client'));
}

/** When a message was there to be read. */
export function cameAt(message: MessageView): number {
  return Math.max(message.storedAt ?? message.sentAt, message.showAt ?? 0);
}

/** Whether something can be written there now. */
export function mayWrite(space: SpaceView): boolean {
  return space.member && !space.partial && space.confirmed && (space.alarm === null || space.alarm.kind === 'setBack');
}

/**
 * The buckets, from the spaces as they are. `startOfDay`: when today began for her, by which "done today" is told.
 */
export function deskOf(spaces: Iterable<SpaceView>, today: Today, card: Availability | null, startOfDay: number): Desk {
  const desk: Desk = { answer: [], read: [], held: [], done: [] };
  for (const space of careSpaces(spaces)) {
    const sorted = sort(space, today);
    for (const bucket of ['answer', 'read', 'held'] as const) {
      const messages = sorted[bucket];
      if (messages.length === 0) continue;
      const since = Math.min(...messages.map(cameAt));
      const due = bucket === 'answer' && card ? answersBy(card, since) : null;
      desk[bucket].push({ space, bucket, messages, since, due });
    }
    const how = sorted.answer.length + sorted.read.length === 0 ? finished(space, today, startOfDay) : null;
    if (how) desk.done.push({ space, how });
  }
  desk.answer.sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity) || a.since - b.since);
  desk.read.sort((a, b) => a.since - b.since);
  desk.held.sort((a, b) => a.since - b.since);
  return desk;
}

function sort(space: SpaceView, today: Today): Record<Bucket, MessageView[]> {
  const there = space.attention.filter((one) => one.body.kind !== 'takenBack');
  const others = there.filter((one) => !one.mine);
  // The newest are at the end; `unanswered` and `unread` count from there.
  const unanswered = new Set(others.slice(others.length - Math.min(space.unanswered, others.length)));
  const unread = new Set(others.slice(others.length - Math.min(space.unread, others.length)));
  const position = (one: MessageView) => one.seq ?? Infinity;
  const sorted: Record<Bucket, MessageView[]> = { answer: [], read: [], held: [] };
  for (const one of there) {
    if (one.bring || one.held) {
      if (position(one) > (today.held[space.id] ?? 0)) sorted.held.push(one);
    } else if (!one.mine && !readByMe(one, space) && position(one) > (today.done[space.id] ?? 0)) {
      if (unanswered.has(one)) sorted[mayWrite(space) ? 'answer' : 'read'].push(one);
      else if (unread.has(one)) sorted.read.push(one);
    }
  }
  return sorted;
}

function finished(space: SpaceView, today: Today, startOfDay: number): Finished['how'] | null {
  const { last } = space;
  if (last?.mine && last.body.kind === 'text' && !last.refused && last.sentAt >= startOfDay) return 'answered';
  return (today.at[space.id] ?? 0) >= startOfDay ? 'putAway' : null;
}

/** Whether nothing is left to do. */
export function nothingWaits(desk: Desk): boolean {
  return desk.answer.length + desk.read.length + desk.held.length === 0;
}

/** Puts away what one conversation has in one bucket: up to its newest message, so that what comes later shows again. */
export function putAway(today: Today, waiting: Waiting, now: number): Today {
  const { id } = waiting.space;
  const up = Math.max(0, ...waiting.messages.map((one) => one.seq ?? 0));
  const which = waiting.bucket === 'held' ? 'held' : 'done';
  const raised = { ...today[which], [id]: Math.max(today[which][id] ?? 0, up) };
  return { ...noted(today, id, now), [which]: raised };
}

/** Notes that she was through with a conversation, for "Done". */
export function noted(today: Today, space: SpaceId, now: number): Today {
  return { ...today, at: { ...today.at, [space]: now } };
}

/** Takes out of "Done" what was put there by a slip. */
export function putBack(today: Today, space: SpaceId): Today {
  const without = (positions: Record<SpaceId, number>) =>
    Object.fromEntries(Object.entries(positions).filter(([id]) => id !== space));
  return { done: without(today.done), held: without(today.held), at: without(today.at) };
}

/**
 * Without what has no meaning any more, so that it stays small for ever: positions that hide nothing, and days gone by.
 * What belongs to a space that isn't here is kept.
 */
export function tidy(today: Today, spaces: Iterable<SpaceView>, startOfDay: number): Today {
  const known = new Map([...spaces].map((space) => [space.id, space]));
  const hides = (id: SpaceId, up: number) =>
    known.get(id)?.attention.some((one) => one.seq !== null && one.seq <= up) ?? true;
  const kept = (positions: Record<SpaceId, number>) =>
    Object.fromEntries(Object.entries(positions).filter(([id, up]) => hides(id, up)));
  const at = Object.fromEntries(Object.entries(today.at).filter(([, when]) => when >= startOfDay));
  return { done: kept(today.done), held: kept(today.held), at };
}
