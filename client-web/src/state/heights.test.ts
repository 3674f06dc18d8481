import { describe, expect, it } from 'vitest';
import { Heights } from './heights';

describe('heights', () => {
  it('sum up estimates until rows are measured', () => {
    const heights = new Heights(100);
    heights.resize(4);
    expect(heights.total).toBe(400);
    expect(heights.measure(1, 150)).toBe(50);
    expect(heights.measure(1, 150)).toBe(0);
    expect(heights.measure(1, 120)).toBe(-30);
    expect([0, 1, 2, 3, 4].map((index) => heights.offset(index))).toEqual([0, 100, 220, 320, 420]);
  });

  it('find the row at a height', () => {
    const heights = new Heights(10);
    heights.resize(10_000);
    heights.measure(0, 500);
    expect(heights.at(-5)).toBe(0);
    expect(heights.at(499)).toBe(0);
    expect(heights.at(500)).toBe(1);
    expect(heights.at(1e9)).toBe(9_999);
    for (const index of [0, 1, 77, 9_999]) expect(heights.at(heights.offset(index))).toBe(index);
  });

  it('keep what was measured when rows are added, and lose it with rows that go', () => {
    const heights = new Heights(10);
    heights.resize(2);
    heights.measure(1, 30);
    heights.resize(500);
    expect(heights.offset(3)).toBe(50);
    heights.resize(1);
    expect(heights.total).toBe(10);
    heights.resize(2);
    expect(heights.total).toBe(20);
  });

  it('are none for an empty list', () => {
    const heights = new Heights(10);
    expect(heights.total).toBe(0);
    expect(heights.at(5)).toBe(0);
    expect(heights.measure(0, 5)).toBe(0);
  });

  it('can be forgotten', () => {
    const heights = new Heights(10);
    heights.resize(3);
    heights.measure(0, 99);
    heights.forget();
    expect(heights.total).toBe(30);
  });
});
