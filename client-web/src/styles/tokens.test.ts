import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');
const [usual = '', strong = ''] = source.split('@media (prefers-contrast: more)');

type Scheme = 'light' | 'dark';
type Colours = Map<string, Record<Scheme, string>>;

/** The tokens that are one colour, in both schemes. */
function colours(css: string): Colours {
  const found: Colours = new Map();
  for (const [, name = '', light = '', dark = ''] of css.matchAll(
    /--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\);/g,
  )) {
    found.set(name, { light, dark });
  }
  for (const [, name = '', one = ''] of css.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6});/g)) {
    found.set(name, { light: one, dark: one });
  }
  return found;
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** What stands on what, and the least contrast (WCAG 2.2: text 4.5, edges and focus 3). We ask more of running text. */
const pairs: [text: string, surface: string, least: number][] = [
  ['on-page', 'page', 7],
  ['on-page-soft', 'page', 4.5],
  ['on-page-accent', 'page', 4.5],
  ['on-sheet', 'sheet', 7],
  ['on-sheet-soft', 'sheet', 4.5],
  ['on-sheet-accent', 'sheet', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-pressed', 4.5],
  // Fields and quiet buttons stand on pages and on sheets alike.
  ['on-page', 'sheet', 7],
  ['on-page-soft', 'sheet', 4.5],
  ['on-page-accent', 'sheet', 4.5],
  ['on-page', 'sand', 7],
  ['on-tint', 'tint', 7],
  ['on-tint-soft', 'tint', 4.5],
  ['on-tint-accent', 'tint', 4.5],
  ['on-sand', 'sand', 7],
  ['on-sand-soft', 'sand', 4.5],
  ['on-sand-accent', 'sand', 4.5],
  ['on-code', 'code', 7],
  ['edge', 'page', 3],
  ['edge', 'sheet', 3],
  ['accent', 'page', 3],
  ['accent', 'sheet', 3],
  ['accent', 'tint', 3],
  ['focus', 'page', 3],
  ['focus', 'sheet', 3],
  ['focus', 'tint', 3],
  ['focus', 'sand', 3],
];

describe.each([
  ['usual', colours(usual)],
  ['more', new Map([...colours(usual), ...colours(strong)])],
])('contrast: %s', (_, found) => {
  for (const [text, surface, least] of pairs) {
    it.each<Scheme>(['light', 'dark'])(`${text} on ${surface}, %s`, (scheme) => {
      const a = found.get(text);
      const b = found.get(surface);
      if (!a || !b) throw new Error(`${text} or ${surface} is not in tokens.css`);
      expect(contrast(a[scheme], b[scheme])).toBeGreaterThanOrEqual(least);
    });
  }
});

describe('colours', () => {
  it('are all measured', () => {
    const measured = new Set(pairs.flatMap(([text, surface]) => [text, surface]));
    // A hairline only parts what space parts already.
    const apart = ['hairline'];
    expect([...colours(usual).keys()].filter((name) => !measured.has(name) && !apart.includes(name))).toEqual([]);
  });

  it('are named nowhere else', () => {
    const root = join(import.meta.dirname, '..');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(svelte|css)$/.test(path) && !path.endsWith('tokens.css'))
      .map((path) => join(root, path));
    const named = files.filter((path) =>
      /#[0-9a-f]{3,8}\b(?=[^{}]*;)|\brgba?\(|\bhsl|\boklch/i.test(
        [...readFileSync(path, 'utf8').matchAll(/<style>([\s\S]*)<\/style>|^([\s\S]*)$/g)]
          .map((m) => m[1] ?? (path.endsWith('.css') ? m[2] : ''))
          .join(''),
      ),
    );
    expect(named).toEqual([]);
  });

  it('are used as the pairs say: text of one surface never on another', () => {
    const known = new Set(pairs.map(([text, surface]) => `${text}/${surface}`));
    const root = join(import.meta.dirname, '..');
    const wrong: string[] = [];
    for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(svelte|css)$/.test(path)) continue;
      for (const [, block = ''] of readFileSync(join(root, path), 'utf8').matchAll(/\{([^{}]*)\}/g)) {
        const text = /(?:^|[;\s])color:\s*var\(--([a-z-]+)\)/.exec(block)?.[1];
        const surface = /background(?:-color)?:\s*var\(--([a-z-]+)\)/.exec(block)?.[1];
        if (text && surface && !known.has(`${text}/${surface}`)) wrong.push(`${path}: ${text} on ${surface}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
