//! The code of a recovery sheet as words.
//!
//! Owns how 16 bytes become eight words that can be read aloud and typed, and which word is wrong when one is. Refuses to
//! know what the code opens ([`super::unlock`]). Invariant: one wrong letter, two letters that changed places in a word, and a
//! word that stands in another's place are each noticed, and told with the number of the word.
//!
//! A word is consonant, vowel, consonant, vowel, consonant, vowel, consonant. Its first five letters hold two bytes (4, 2, 4,
//! 2 and 4 bits); the last two check vowels and consonants. The checks are sums with different weights in fields of 4 and 16
//! elements, so that no change of one letter and no exchange of two goes unnoticed. `docs/PROTOCOL.md` says the same.

use super::passphrase::{CONSONANTS, VOWELS};
use super::unlock::RecoveryCode;
use zeroize::Zeroizing;

/// Words of a code.
pub const WORDS: usize = 8;

/// Why words are no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWords {
    /// There are more or fewer than [`WORDS`].
    #[error("a recovery sheet has {WORDS} words; here are {got}")]
    Count {
        /// How many.
        got: usize,
    },
    /// One is not as it was printed, or stands in another's place.
    #[error("word {number} is not as it stands on the sheet")]
    Word {
        /// Which, from 1.
        number: usize,
    },
}

/// The code as it is printed: words with spaces between them.
pub fn to_words(code: &RecoveryCode) -> Zeroizing<String> {
    let words = code.expose().chunks_exact(2).zip(0_u8..).map(|(bytes, place)| {
        let bits = bytes.iter().fold(0_u16, |bits, byte| (bits << 8) | u16::from(*byte));
        word(bits, place)
    });
    let words: Vec<Zeroizing<String>> = words.collect();
    let mut text = Zeroizing::new(String::with_capacity(WORDS * 8));
    for (number, word) in words.iter().enumerate() {
        if number > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Reads words as somebody typed them: any case, any spaces, hyphens or line breaks between them.
pub fn from_words(typed: &str) -> Result<RecoveryCode, BadWords> {
    let words: Vec<&str> = typed.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
    if words.len() != WORDS {
        return Err(BadWords::Count { got: words.len() });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * WORDS));
    for (typed, place) in words.iter().zip(0_u8..) {
        let bits = bits_of(typed, place).ok_or(BadWords::Word { number: usize::from(place) + 1 })?;
        bytes.extend_from_slice(&bits.to_be_bytes());
    }
    // Eight words are sixteen bytes.
    RecoveryCode::from_slice(&bytes).map_err(|_| BadWords::Count { got: words.len() })
}

/// The letters of two bytes at a place.
fn word(bits: u16, place: u8) -> Zeroizing<String> {
    let part = |shift: u16, mask: u16| u8::try_from((bits >> shift) & mask).unwrap_or_default();
    let (consonants, vowels) = ([part(12, 15), part(6, 15), part(0, 15)], [part(10, 3), part(4, 3)]);
    let checks = (check_vowel(vowels), check_consonant(consonants, place));
    let letter = |letters: &[char], value: u8| letters.get(usize::from(value)).copied().unwrap_or('?');
    let [c1, c2, c3] = consonants.map(|value| letter(&CONSONANTS, value));
    let [v1, v2] = vowels.map(|value| letter(&VOWELS, value));
    let last = [letter(&VOWELS, checks.0), letter(&CONSONANTS, checks.1)];
    Zeroizing::new([c1, v1, c2, v2, c3, last[0], last[1]].iter().collect())
}

/// The two bytes of a word, if it is exactly the one that belongs there.
fn bits_of(typed: &str, place: u8) -> Option<u16> {
    let letters: Zeroizing<Vec<char>> = Zeroizing::new(typed.chars().flat_map(char::to_lowercase).collect());
    let value = |at: usize, letters_of: &[char]| {
        let letter = letters.get(at)?;
        letters_of.iter().position(|known| known == letter).and_then(|value| u16::try_from(value).ok())
    };
    let consonant = |at| value(at, &CONSONANTS);
    let vowel = |at| value(at, &VOWELS);
    let bits =
        (consonant(0)? << 12) | (vowel(1)? << 10) | (consonant(2)? << 6) | (vowel(3)? << 4) | consonant(4)?;
    let same = word(bits, place).chars().eq(letters.iter().copied());
    same.then_some(bits)
}

/// `2·v1 + 3·v2` in GF(4), modulus x² + x + 1.
fn check_vowel(vowels: [u8; 2]) -> u8 {
    let [first, second] = vowels;
    let doubled = times_x(first, 4, 0b111);
    doubled ^ times_x(second, 4, 0b111) ^ second
}

/// `2·c1 + 4·c2 + 8·c3 + place` in GF(16), modulus x⁴ + x + 1.
fn check_consonant(consonants: [u8; 3], place: u8) -> u8 {
    let times_x = |value| times_x(value, 16, 0b1_0011);
    let [first, second, third] = consonants;
    times_x(first) ^ times_x(times_x(second)) ^ times_x(times_x(times_x(third))) ^ place
}

/// A value of the field of `size` elements, times x.
fn times_x(value: u8, size: u8, modulus: u8) -> u8 {
    let doubled = value << 1;
    if doubled & size == 0 { doubled } else { doubled ^ modulus }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;

    fn codes() -> impl Iterator<Item = RecoveryCode> {
        (0..40).map(|seed| RecoveryCode::generate(&mut Entropy::from_seed([seed; 32])))
    }

    #[test]
    fn words_are_read_back_however_they_are_typed() {
        for code in codes() {
            let words = to_words(&code);
            assert_eq!(from_words(&words).unwrap().expose(), code.expose());
            let typed = format!("  {}\n", words.to_uppercase().replace(' ', " -\n"));
            assert_eq!(from_words(&typed).unwrap().expose(), code.expose());
        }
    }

    #[test]
    fn the_words_are_those_of_the_documentation() {
        let code = RecoveryCode::from_slice(&(0..16).map(|n| n * 17).collect::<Vec<u8>>()).unwrap();
        assert_eq!(
            to_words(&code).as_str(),
            "babidum famugom hidijib kinulab mofinar popurir sugitog vuruzug"
        );
    }

    #[test]
    fn one_wrong_letter_is_told_with_its_word() {
        for code in codes() {
            let words = to_words(&code);
            for (at, letter) in words.char_indices().filter(|(_, c)| *c != ' ') {
                for other in ('a'..='z').filter(|other| *other != letter) {
                    let mut typed = words.to_string();
                    typed.replace_range(at..=at, &other.to_string());
                    assert_eq!(from_words(&typed).unwrap_err(), BadWords::Word { number: at / 8 + 1 });
                }
            }
        }
    }

    #[test]
    fn two_letters_that_changed_places_are_told_with_their_word() {
        for code in codes() {
            let words = to_words(&code);
            for start in (0..words.len()).step_by(8) {
                for (one, other) in (0..7).flat_map(|one| (one + 1..7).map(move |other| (one, other))) {
                    let mut letters: Vec<char> = words.chars().collect();
                    letters.swap(start + one, start + other);
                    let typed: String = letters.iter().collect();
                    if typed != words.as_str() {
                        assert_eq!(from_words(&typed).unwrap_err(), BadWords::Word { number: start / 8 + 1 });
                    }
                }
            }
        }
    }

    #[test]
    fn words_in_each_others_places_and_missing_ones_are_told() {
        for code in codes() {
            let words = to_words(&code);
            let list: Vec<&str> = words.split(' ').collect();
            for (one, other) in (0..8).flat_map(|one| (one + 1..8).map(move |other| (one, other))) {
                let mut list = list.clone();
                list.swap(one, other);
                assert_eq!(from_words(&list.join(" ")).unwrap_err(), BadWords::Word { number: one + 1 });
            }
            assert_eq!(from_words(&list[1..].join(" ")).unwrap_err(), BadWords::Count { got: 7 });
        }
        assert_eq!(from_words("").unwrap_err(), BadWords::Count { got: 0 });
        assert_eq!(from_words("ä ö ü ß a b c 日").unwrap_err(), BadWords::Word { number: 1 });
    }
}
