/**
 * Script addresses that the browser lets us start.
 *
 * Owns the Trusted Types policy `sotto`. Invariant: only scripts of this very origin.
 */

interface Policy {
  createScriptURL(url: string): unknown;
}
interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

function ours(url: string): string {
  const { origin, href } = new URL(url, location.href);
  if (origin !== location.origin) throw new TypeError('a script of another origin');
  return href;
}

// Browsers without Trusted Types take the text, under the same rule.
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory?.createPolicy('sotto', { createScriptURL: ours }) ?? { createScriptURL: ours };

/** What `Worker` and `register` take; typed as the text that it stands for. */
export function scriptUrl(url: string): string {
  return policy.createScriptURL(url) as string;
}
