/**
 * Search for texts that nobody but the people themselves may see.
 *
 * A text is looked for as UTF-8 and as UTF-16, the two forms in which browsers and databases keep strings.
 */

/** Which of the texts stand in the bytes. */
export function found(bytes: Buffer, texts: string[]): string[] {
  return texts.filter((text) => bytes.includes(text, 0, 'utf8') || bytes.includes(text, 0, 'utf16le'));
}
