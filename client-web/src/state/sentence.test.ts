import { describe, expect, it } from 'vitest';
import { Speech } from '../i18n/speech.svelte';
import { PortError } from '../port/port';
import { codeOf, sentence } from './sentence';

const speech = new Speech(['en']);

describe('a sentence for what went wrong', () => {
  it('says what the catalogue has for a code', () => {
    expect(sentence(speech, new PortError('handle_taken'))).toBe(speech.say('error.handle_taken'));
    expect(sentence(speech, new PortError('throttled', { retryAfterMs: 120_000 }))).toContain('2 minutes');
    expect(sentence(speech, new PortError('throttled'))).not.toContain('{');
  });

  it('names the word of a sheet that is wrong, and counts them', () => {
    expect(sentence(speech, new PortError('sheet_word', { max: 3 }))).toMatch(/^The third word is not right/);
    expect(sentence(new Speech(['es']), new PortError('sheet_word', { max: 8 }))).toMatch(/^La octava palabra/);
    expect(sentence(speech, new PortError('sheet_count', { max: 7 }))).toContain('here are 7');
  });

  it('is there for what nobody thought of', () => {
    const any = speech.say('error.unknown');
    for (const error of [new Error('secret'), 'x', null, new PortError('toString'), new PortError('unheard_of')]) {
      expect(sentence(speech, error)).toBe(any);
    }
    expect(codeOf(new Error('x'))).toBe('unknown');
  });
});
