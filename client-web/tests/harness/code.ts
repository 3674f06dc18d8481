/**
 * Codes on pages, read as a camera reads them: from their pixels, and with somebody else's reader.
 */

import jsQR from 'jsqr';
import type { Page } from 'playwright-core';

/** What the code with this label says. */
export async function readCode(page: Page, label: string): Promise<string | undefined> {
  const picture = await page.evaluate(async (label) => {
    const drawn = document.querySelector(`main svg[aria-label="${label}"]`);
    if (!drawn) throw new Error('there is no code');
    const copy = drawn.cloneNode(true) as SVGElement;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.style.color = getComputedStyle(drawn).color;
    copy.querySelector('path')?.setAttribute('fill', 'currentColor');
    const image = new Image(400, 400);
    image.src = `data:image/svg+xml,${encodeURIComponent(copy.outerHTML)}`;
    await image.decode();
    const canvas = new OffscreenCanvas(400, 400).getContext('2d')!;
    canvas.fillStyle = getComputedStyle(drawn).backgroundColor;
    canvas.fillRect(0, 0, 400, 400);
    canvas.drawImage(image, 0, 0, 400, 400);
    return Array.from(canvas.getImageData(0, 0, 400, 400).data);
  }, label);
  return jsQR(Uint8ClampedArray.from(picture), 400, 400)?.data;
}
