import { describe, expect, it, vi } from 'vitest';
import type { MessageView } from '../core/types';
import { ScriptedPort } from '../port/scripted';
import { Conversation, pageSize } from './conversation.svelte';
import { aMessage, aSpace } from './fixtures';

function messages(count: number, change: (index: number) => Partial<MessageView> = () => ({})): MessageView[] {
  return Array.from({ length: count }, (_, index) =>
    aMessage({ id: { author: 'aa', record: String(index) }, seq: index, ...change(index) }),
  );
}

function portOf(all: MessageView[]): ScriptedPort {
  return new ScriptedPort().on('page', ({ start, count }) => ({
    total: all.length,
    start,
    messages: all.slice(start, start + count),
  }));
}

const starts = (port: ScriptedPort) => port.asksOf('page').map((ask) => ask.start);

describe('a conversation', () => {
  it('fetches the pages that are looked at, each once', async () => {
    const all = messages(10_000);
    const port = portOf(all);
    const conversation = new Conversation(port, aSpace({ total: 10_000 }));
    conversation.want(9_970, 10_000);
    conversation.want(9_950, 9_990);
    await vi.waitFor(() => expect(conversation.at(9_999)).toBe(all[9_999]));
    expect(starts(port)).toEqual([9_960, 9_900]);
    expect(conversation.at(5_000)).toBeUndefined();
  });

  it('asks nothing of an empty one', () => {
    const conversation = new Conversation(new ScriptedPort(), aSpace());
    conversation.want(0, 0);
    expect(conversation.total).toBe(0);
  });

  it('fetches anew what is looked at when something came, and keeps showing what it had', async () => {
    const all = messages(3);
    const port = portOf(all);
    const conversation = new Conversation(port, aSpace({ total: 3 }));
    conversation.want(0, 3);
    await vi.waitFor(() => expect(conversation.at(2)).toBeDefined());
    all.push(aMessage({ id: { author: 'bb', record: '3' } }));
    conversation.apply(aSpace({ total: 4, seq: 2 }));
    expect(conversation.total).toBe(4);
    expect(conversation.at(2)).toBe(all[2]);
    await vi.waitFor(() => expect(conversation.at(3)).toBe(all[3]));
    // A draft or a read marker changes no message.
    conversation.apply(aSpace({ total: 4, seq: 2, draft: 'x', unread: 0 }));
    expect(port.asksOf('page').length).toBe(2);
  });

  it('shows what came with the news before it is fetched', async () => {
    const all = messages(pageSize);
    const port = portOf(all);
    const conversation = new Conversation(port, aSpace({ total: pageSize, last: all[pageSize - 1]! }));
    conversation.want(0, pageSize);
    await vi.waitFor(() => expect(conversation.at(0)).toBeDefined());

    // It begins a page of its own.
    const waiting = aMessage({ id: { author: 'aa', record: 'new' }, seq: null });
    conversation.apply(aSpace({ total: pageSize + 1, waiting: 1, last: waiting }));
    expect(conversation.at(pageSize)).toEqual(waiting);
    // Now it has its place on the server.
    const delivered = { ...waiting, seq: pageSize };
    conversation.apply(aSpace({ total: pageSize + 1, seq: 2, last: delivered }));
    expect(conversation.at(pageSize)).toEqual(delivered);
    // What came before one's own waiting message is fetched; nothing is there twice meanwhile.
    conversation.apply(aSpace({ total: pageSize + 2, seq: 3, last: delivered }));
    expect(conversation.at(pageSize + 1)).toBeUndefined();
  });

  it('keeps the very messages that have not changed', async () => {
    let fetched = 0;
    const port = new ScriptedPort().on('page', () => {
      fetched += 1;
      return { total: 3, start: 0, messages: messages(3, (index) => ({ edited: index === 1 && fetched > 1 })) };
    });
    const conversation = new Conversation(port, aSpace({ total: 3 }));
    conversation.want(0, 3);
    await vi.waitFor(() => expect(conversation.at(2)).toBeDefined());
    const before = [conversation.at(0), conversation.at(1), conversation.at(2)];
    conversation.apply(aSpace({ total: 3, seq: 2 }));
    await vi.waitFor(() => expect(conversation.at(1)?.edited).toBe(true));
    expect(conversation.at(0)).toBe(before[0]);
    expect(conversation.at(1)).not.toBe(before[1]);
    expect(conversation.at(2)).toBe(before[2]);
  });

  it('does not let a late answer overwrite a newer one', async () => {
    const port = new ScriptedPort();
    const early = port.hold('page');
    const conversation = new Conversation(port, aSpace({ total: 1 }));
    conversation.want(0, 1);
    const late = port.hold('page');
    conversation.apply(aSpace({ total: 1, seq: 2 }));
    late.answer({ total: 1, start: 0, messages: [aMessage({ edited: true })] });
    await vi.waitFor(() => expect(conversation.at(0)?.edited).toBe(true));
    early.answer({ total: 1, start: 0, messages: [aMessage()] });
    await Promise.resolve();
    await Promise.resolve();
    expect(conversation.at(0)?.edited).toBe(true);
  });

  it('keeps what it has when fetching fails, and tries again when it is looked at', async () => {
    const port = portOf(messages(2)).failOnce('page', 'crashed');
    const conversation = new Conversation(port, aSpace({ total: 2 }));
    conversation.want(0, 2);
    await vi.waitFor(() => expect(conversation.failed).toBe(true));
    conversation.want(0, 2);
    await vi.waitFor(() => expect(conversation.at(1)).toBeDefined());
    expect(conversation.failed).toBe(false);
  });

  it('finds where the new messages of others begin', async () => {
    const all = messages(200, (index) => ({ mine: index % 2 === 0 }));
    const conversation = new Conversation(portOf(all), aSpace({ total: 200 }));
    expect(await conversation.locateNew(0)).toBeNull();
    expect(await conversation.locateNew(1)).toBe(199);
    expect(await conversation.locateNew(50)).toBe(101);
    expect(conversation.newFrom).toBe(101);
    expect(await conversation.locateNew(500)).toBeNull();
    expect(pageSize).toBeLessThan(100);
  });
});
