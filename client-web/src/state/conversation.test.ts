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
