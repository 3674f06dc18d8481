import { describe, expect, it } from 'vitest';
import { End } from './end.svelte';

describe('the end of a list', () => {
  it('is left when the reader scrolls up, and reached again when she comes near', () => {
    const end = new End();
    end.put(1000);
    end.scrolled(960, 1800, 800);
    expect(end.here).toBe(true);
    end.scrolled(700, 1800, 800);
    expect(end.here).toBe(false);
    end.scrolled(990, 1800, 800);
    expect(end.here).toBe(true);
  });

  it('is not left because the list has grown before its scrolling was told', () => {
    const end = new End();
    end.put(1000);
    end.scrolled(1000, 9000, 800);
    expect(end.here).toBe(true);
    end.put(8200);
    end.scrolled(8200, 8300, 80);
    expect(end.here).toBe(true);
  });

  it('is not taken for reached while she reads further up and the list grows', () => {
    const end = new End();
    end.put(1000);
    end.leave();
    end.scrolled(1000, 9000, 800);
    expect(end.here).toBe(false);
  });
});
