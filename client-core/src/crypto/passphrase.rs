//! Passwords: how one is held, made and judged.
//!
//! Owns [`Password`], the generated passphrase (what people are offered first) and the floor for one of their own
//! making. Refuses to know accounts. Invariant: a generated passphrase has 80 bits; whoever holds database and OPAQUE
//! set-up can guess (the operator always does), so the floor is for honest mistakes and the advice is: take the
//! generated one.
//!
//! Why syllables: no word list to ship or translate, nothing read aloud that could embarrass, any keyboard has the
//! letters. Why no `zxcvbn`: 780 KB of frequency lists, a clock of its own, and English only.

use core::fmt;
use rand_core::CryptoRng;
use sotto_protocol::ids::Handle;
#[cfg(feature = "unicode")]
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Characters of the shortest password of one's own.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Bytes of the longest password, UTF-8.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Groups in a generated passphrase; each has 16 bits.
const GROUPS: usize = 5;

/// What five groups are worth.
const GENERATED_BITS: u32 = 80;

/// Letters of 4 bits each.
pub(super) const CONSONANTS: [char; 16] =
    ['b', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z'];
/// Letters of 2 bits each.
pub(super) const VOWELS: [char; 4] = ['a', 'i', 'o', 'u'];

/// What many people choose. Compared after folding case and dropping everything but letters and digits.
const COMMON: [&str; 24] = [
    "password",
    "passwort",
    "passwd",
    "letmein",
    "welcome",
    "willkommen",
    "qwerty",
    "qwertz",
    "asdfgh",
    "yxcvbn",
    "zxcvbn",
    "iloveyou",
    "hallo",
    "geheim",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "schatz",
    "therapy",
    "therapie",
    "sotto",
];

/// A password as typed: other spaces made plain, then NFC, as RFC 8265 section 4.2 prepares an `OpaqueString`, so that two
/// keyboards give the same bytes. Wiped when dropped.
pub struct Password(Zeroizing<String>);

/// What a password of one's own is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    TooShort,
    /// More than [`PASSWORD_BYTES_MAX`] bytes.
    TooLong,
    /// Repetitions, a sequence, the handle, or little besides what many people choose.
    Guessable,
    /// Above the floor. Not a promise.
    Acceptable,
}

impl Password {
    /// Takes what was typed. Without the feature `unicode` it has to be in NFC already.
    pub fn new(typed: &str) -> Self {
        // NFC never grows UTF-8 by more than three times; without moving, no second copy stays behind.
        let mut text = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(3)));
        let chars = typed.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
        #[cfg(feature = "unicode")]
        text.extend(chars.nfc());
        #[cfg(not(feature = "unicode"))]
        text.extend(chars);
        Self(text)
    }

    /// Five groups of consonant, vowel, consonant, vowel, consonant: 80 bits, for example `lusab-bifom-gutih-tugad-mosup`.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * 6));
        for group in 0..GROUPS {
            if group > 0 {
                text.push('-');
            }
            let mut bits = rng.next_u32();
            for letter in 0..5 {
                if letter % 2 == 0 {
                    text.push(pick(&CONSONANTS, &mut bits));
                } else {
                    text.push(pick(&VOWELS, &mut bits));
                }
            }
        }
        Self(text)
    }

    /// The secret text, to be shown to the person once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the password may be worth, in bits: for a generated one what it is, for any other half of what it would be had
    /// each character been drawn by chance. To show that longer is better; no promise.
    pub fn bits(&self) -> u32 {
        if self.is_generated() {
            return GENERATED_BITS;
        }
        let chars = u32::try_from(self.0.chars().count()).unwrap_or(u32::MAX);
        // log2 of the alphabet, rounded down, is between 4 and 6.
        let each = alphabet(&self.0).checked_ilog2().unwrap_or_default();
        chars.saturating_mul(each) / 2
    }

    /// It has the form that [`Password::generate`] gives.
    fn is_generated(&self) -> bool {
        let mut groups = 0;
        let fits = self.0.split('-').all(|group| {
            groups += 1;
            group.chars().count() == 5
                && group
                    .chars()
                    .enumerate()
                    .all(|(at, c)| if at % 2 == 0 { CONSONANTS.contains(&c) } else { VOWELS.contains(&c) })
        });
        fits && groups == GROUPS
    }

    /// Judges the password for the account with this handle.
    pub fn strength(&self, handle: &Handle) -> Strength {
        if self.0.chars().count() < PASSWORD_CHARS_MIN {
            return Strength::TooShort;
        }
        if self.0.len() > PASSWORD_BYTES_MAX {
            return Strength::TooLong;
        }
        if guessable(&self.0, handle) { Strength::Guessable } else { Strength::Acceptable }
    }
}

/// How many symbols the alphabets in use have together.
fn alphabet(text: &str) -> u32 {
    let has = |f: fn(char) -> bool| text.chars().any(f);
    let sets: [(bool, u32); 4] = [
        (has(char::is_lowercase), 26),
        (has(char::is_uppercase), 26),
        (has(|c| c.is_ascii_digit()), 10),
        (has(|c| !c.is_alphanumeric()), 10),
    ];
    sets.into_iter().filter(|(there, _)| *there).map(|(_, size)| size).sum()
}

/// Takes as many low bits as choose among `from`, a power of two.
fn pick<const N: usize>(from: &[char; N], bits: &mut u32) -> char {
    const { assert!(N.is_power_of_two()) };
    let index = usize::try_from(*bits).unwrap_or_default() % N;
    *bits >>= N.trailing_zeros();
    from.get(index).copied().unwrap_or_default()
}

/// What is left without the predictable parts has fewer than eight characters, or fewer than five different ones.
fn guessable(password: &str, handle: &Handle) -> bool {
    let mut folded = fold(password);
    let handle = fold(handle.as_str());
    for common in COMMON.into_iter().chain([handle.as_str()]).filter(|c| c.len() >= 3) {
        folded = Zeroizing::new(folded.replace(common, ""));
    }
    let mut left = 0_usize;
    let mut different = Zeroizing::new(Vec::with_capacity(folded.len()));
    let mut before: Option<u32> = None;
    for c in folded.chars().map(u32::from) {
        // A repetition or a run (aaaa, 1234, dcba) counts once.
        if before.is_none_or(|b| b.abs_diff(c) > 1) {
            left += 1;
        }
        before = Some(c);
        if !different.contains(&c) {
            different.push(c);
        }
    }
    left < 8 || different.len() < 5
}

/// Small letters and digits only.
fn fold(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    folded.extend(text.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()));
    folded
}

// `Zeroizing` wipes it.
impl ZeroizeOnDrop for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;

    #[test]
    fn passphrases_have_their_shape_and_pass_the_floor() {
        let handle = Handle::parse("anna").unwrap();
        let mut rng = Entropy::from_seed([1; 32]);
        for _ in 0..200 {
            let passphrase = Password::generate(&mut rng);
            let groups: Vec<&str> = passphrase.expose().split('-').collect();
            assert!(groups.len() == GROUPS && groups.iter().all(|g| g.len() == 5), "{groups:?}");
            assert_eq!(passphrase.strength(&handle), Strength::Acceptable, "{groups:?}");
        }
        let combinations = 16_u32.pow(3) * 4_u32.pow(2);
        assert_eq!(combinations.ilog2() * 5, 80, "bits");
    }

    #[test]
    fn two_keyboards_give_the_same_bytes() {
        assert_eq!(Password::new("Ba\u{0308}r\u{00A0}x").expose(), "B\u{00E4}r x");
    }

    #[test]
    fn the_floor_catches_honest_mistakes() {
        let handle = Handle::parse("anna.meier").unwrap();
        let judge = |text: &str| Password::new(text).strength(&handle);
        assert_eq!(judge("kurz"), Strength::TooShort);
        assert_eq!(judge(&"ab3x".repeat(300)), Strength::TooLong);
        for weak in [
            "Password1234!",
            "aaaaaaaaaaaaaaaa",
            "123456789012345",
            "anna.meier2024",
            "qwertyqwerty12",
            "abababababababab",
        ] {
            assert_eq!(judge(weak), Strength::Guessable, "{weak}");
        }
        for fine in ["correct horse battery", "Der Mond ist aufgegangen", "x7#kQ!29zLp0v"] {
            assert_eq!(judge(fine), Strength::Acceptable, "{fine}");
        }
    }

    #[test]
    fn passwords_print_their_type_only() {
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(..)");
    }
}
