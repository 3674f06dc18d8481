/**
 * Measures inside a page, so that what a test asks of the browser is not measured with it.
 *
 * A moment counts when the frame with it has been painted.
 */

import type { Page } from 'playwright-core';

/** Something with this text. */
export interface Awaited {
  selector: string;
  text?: string;
}

interface Scope {
  awaited: Promise<number>[];
}

/** In the page: begins to wait until these were painted; milliseconds from the next Enter, or from the page's start. */
function watch({ what, pressed }: { what: Awaited[]; pressed: boolean }): void {
  const begun = pressed
    ? new Promise<number>((resolve) => {
        const press = (event: KeyboardEvent) => {
          if (event.key !== 'Enter') return;
          document.removeEventListener('keydown', press, true);
          resolve(event.timeStamp);
        };
        document.addEventListener('keydown', press, true);
      })
    : Promise.resolve(0);
  const until = ({ selector, text = '' }: Awaited) =>
    new Promise<number>((resolve, reject) => {
      setTimeout(() => reject(new Error(`"${text || selector}" has not come`)), 300_000);
      const look = () => {
        const there = [...document.querySelectorAll(selector)].some((one) => one.textContent?.includes(text));
        if (!there) return;
        observer.disconnect();
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => void begun.then((from) => resolve(performance.now() - from));
          port2.postMessage(null);
        });
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { childList: true, subtree: true, characterData: true });
      look();
    });
  (globalThis as unknown as Scope).awaited = what.map(until);
}

function arrivals(): Promise<number[]> {
  return Promise.all((globalThis as unknown as Scope).awaited);
}

/** How long after the page was begun something was on the screen. */
export async function painted(page: Page, what: Awaited): Promise<number> {
  await page.evaluate(watch, { what: [what], pressed: false });
  const [ms = NaN] = await page.evaluate(arrivals);
  return ms;
}

/** How long after Enter each of these was on the screen. */
export async function pressedToPaint(page: Page, what: Awaited[], press: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(watch, { what, pressed: true });
  await press();
  return page.evaluate(arrivals);
}

export interface Frames {
  count: number;
  /** Shares of the frames that took longer than one or two sixtieths of a second. */
  share17: number;
  share33: number;
  longest: number;
  /** Share of the frames in which a row in view was not drawn yet. */
  blank: number;
}

/** The frames of a page while something happens. */
export async function framesOf(page: Page, during: () => Promise<unknown>): Promise<Frames> {
  await page.evaluate(() => {
    const scope = globalThis as unknown as { stopFrames: () => { at: number[]; blank: number } };
    const at: number[] = [];
    let blank = 0;
    let going = true;
    const inView = new Set<Element>();
    const watched = new WeakSet<Element>();
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) inView.add(target);
        else inView.delete(target);
      }
    });
    const frame = (now: number) => {
      at.push(now);
      for (const row of document.querySelectorAll('li > .blank')) {
        if (!watched.has(row)) seen.observe(row);
        watched.add(row);
      }
      if ([...inView].some((row) => row.isConnected)) blank += 1;
      if (going) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    scope.stopFrames = () => {
      going = false;
      return { at, blank };
    };
  });
  await during();
  const { at, blank } = await page.evaluate(() =>
    (globalThis as unknown as { stopFrames: () => { at: number[]; blank: number } }).stopFrames(),
  );
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? time));
  // A frame's time is told in steps of a tenth of a millisecond.
  const share = (ms: number) => gaps.filter((gap) => gap > ms).length / Math.max(1, gaps.length);
  return {
    count: gaps.length,
    share17: share(17),
    share33: share(34),
    longest: Math.max(0, ...gaps),
    blank: blank / Math.max(1, at.length),
  };
}
