/**
 * What an authenticator app is told.
 *
 * Owns the spelling of its address (`otpauth://`, as Google Authenticator's wiki describes it and every app reads it). It
 * names the app and the sign-in name, and not the practice: the list in an authenticator app is easily looked at.
 */

export function authenticatorUri(handle: string, secret: string): string {
  return `otpauth://totp/Sotto:${encodeURIComponent(handle)}?secret=${secret}&issuer=Sotto`;
}

/** In groups of four, as one types it. */
export function grouped(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? '';
}
