/**
 * Passkeys as the second step of signing in.
 *
 * Owns the one call to the browser (WebAuthn Level 3, section 5.1). Refuses to know what is signed: the server made the
 * request and judges the answer, both as JSON.
 */

/** Whether this browser can be asked. */
export function passkeysWork(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;
}

/** Has a passkey sign what the server asks (`PublicKeyCredentialRequestOptionsJSON`); null when she chose none. */
export async function signWithPasskey(request: string): Promise<string | null> {
  const options = JSON.parse(request) as PublicKeyCredentialRequestOptionsJSON;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  try {
    const credential = await navigator.credentials.get({ publicKey });
    return credential instanceof PublicKeyCredential ? JSON.stringify(credential.toJSON()) : null;
  } catch (error) {
    // Closed by her, or nothing that fits: browsers don't tell the two apart.
    if (error instanceof DOMException && error.name === 'NotAllowedError') return null;
    throw error;
  }
}
