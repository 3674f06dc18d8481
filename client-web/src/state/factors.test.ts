import { expect, it } from 'vitest';
import { authenticatorUri, grouped } from './factors';

it('an authenticator app is told the sign-in name and no practice', () => {
  expect(authenticatorUri('anna.b', 'GEZDGNBV')).toBe('otpauth://totp/Sotto:anna.b?secret=GEZDGNBV&issuer=Sotto');
  expect(authenticatorUri('a b&c', 'GE')).toBe('otpauth://totp/Sotto:a%20b%26c?secret=GE&issuer=Sotto');
});

it('what is typed into an app comes in groups of four', () => {
  expect(grouped('GEZDGNBVGY3TQOJQ')).toBe('GEZD GNBV GY3T QOJQ');
  expect(grouped('GEZDGN')).toBe('GEZD GN');
  expect(grouped('')).toBe('');
});
