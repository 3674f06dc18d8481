/**
 * Somebody without a mouse.
 *
 * Owns going through a page by Tab alone. Invariant: wherever the focus stops, it can be seen.
 */

import type { Locator } from 'playwright-core';
import type { Person } from './person';

/** More stops than any page has. */
const STOPS_MAX = 120;

/** Presses Tab until this has the focus. */
export async function tabTo(person: Person, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor();
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await person.page.keyboard.press(key);
    await focusIsVisible(person);
  }
  throw new Error(`Tab does not come to ${target}`);
}

/** Goes there by Tab, and presses Enter. */
export async function enterOn(person: Person, target: Locator): Promise<void> {
  await tabTo(person, target);
  await person.page.keyboard.press('Enter');
}

/** Goes there by Tab, and types. */
export async function typeInto(person: Person, target: Locator, text: string): Promise<void> {
  await tabTo(person, target);
  await person.page.keyboard.type(text);
}

/** What has the focus is outlined, and lies in the window. */
async function focusIsVisible(person: Person): Promise<void> {
  const trouble = await person.page.evaluate(() => {
    const element = document.activeElement;
    // Between the last stop and the first the browser itself has the focus.
    if (!element || element === document.body) return null;
    // A new page's heading is where reading begins, and no stop: there is nothing to press.
    if (element.matches('h1[tabindex="-1"]')) return null;
    const { outlineStyle, outlineWidth, opacity } = getComputedStyle(element);
    const { top, left, bottom, right, width, height } = element.getBoundingClientRect();
    const outside = bottom <= 0 || right <= 0 || top >= innerHeight || left >= innerWidth || width * height === 0;
    const outlined = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && Number(opacity) > 0;
    const name = `${element.tagName} "${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}"`;
    if (outside) return `${name} has the focus outside the window`;
    return outlined ? null : `${name} has the focus and nothing shows it`;
  });
  if (trouble && !person.wrong.includes(trouble)) person.wrong.push(trouble);
}
