//! Damaged and hostile bytes for tests of parsers: whole files with some changes, drawn by a fixed seed.
//!
//! For the tests of the crates that read what others wrote. The same build sees the same bytes, so what a test finds stays found; more
//! of them are tried with `ESPEJO_ROUNDS` (`scripts/fuzz`).
//!
//! ```
//! espejo_damage::check(b"a,b\n1,2\n", |bytes| {
//!     let text = String::from_utf8_lossy(bytes);
//!     text.lines().map(|line| line.split(',').count()).sum::<usize>()
//! });
//! ```

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Files that are tried where `ESPEJO_ROUNDS` says nothing else.
const ROUNDS: usize = 400;

/// What stands in place of a number of a text: the ends of its types and beyond, and no number at all.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "-0.0",
    "1e400",
    "1e-400",
    "nan",
    "inf",
    "65536",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "0x7f",
    "",
];

/// What a parser of texts may stumble over.
const WORDS: [&str; 16] = [
    "\"", "'", "\\", ",", ";", "\t", "\r", "\n", "\0", "#", "=", "[[[[[[[[", "{\"a\":", "\u{feff}",
    "é", "\u{202e}",
];

/// Damages a whole file again and again and reads it. A reader that panics fails the test, and its bytes are printed.
pub fn check<T>(whole: &[u8], read: impl Fn(&[u8]) -> T) {
    check_rounds(rounds(), whole, read);
}

/// As [`check`], for readers that take longer: so many damaged files, a share of [`rounds`].
pub fn check_rounds<T>(rounds: usize, whole: &[u8], read: impl Fn(&[u8]) -> T) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for round in 0..rounds {
        let bytes = damaged(whole, &mut random);
        let shown = OnPanic(round, &bytes);
        read(&bytes);
        drop(shown);
    }
}

/// How many damaged files a test tries: `ESPEJO_ROUNDS`, else 400.
pub fn rounds() -> usize {
    let asked = std::env::var("ESPEJO_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

/// The file with one to three changes.
pub fn damaged(whole: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=below(random, 3) {
        damage(random, &mut bytes);
    }
    bytes
}

/// One change: a byte, a bit, a number in the head, a cut, some bytes more, a number or word of a text, a piece twice.
fn damage(random: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    let at = below(random, bytes.len().max(1)).min(bytes.len().saturating_sub(1));
    match below(random, 8) {
        _ if bytes.is_empty() => bytes.push(random.next_u32() as u8),
        0 => bytes[at] = random.next_u32() as u8,
        1 => bytes[at] ^= 1 << below(random, 8),
        2 => {
            let head = below(random, bytes.len().min(64));
            let end = bytes.len().min(head + 4);
            bytes[head..end].fill([0x00, 0x7f, 0xff][below(random, 3)]);
        }
        3 => bytes.truncate(at),
        4 => {
            let more: Vec<_> = (0..below(random, 40))
                .map(|_| random.next_u32() as u8)
                .collect();
            bytes.splice(at..at, more);
        }
        5 => {
            let start = (at..bytes.len()).find(|&place| bytes[place].is_ascii_digit());
            let start = start.unwrap_or(at);
            let digits = bytes[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            let end = start + digits.count();
            bytes.splice(start..end, NUMBERS[below(random, NUMBERS.len())].bytes());
        }
        6 => {
            bytes.splice(at..at, WORDS[below(random, WORDS.len())].bytes());
        }
        _ => {
            let end = bytes.len().min(at + 1 + below(random, 64));
            let piece = bytes[at..end].to_vec();
            let place = below(random, bytes.len());
            bytes.splice(place..place, piece);
        }
    }
}

fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    random.next_u32() as usize % bound
}

/// Prints the bytes of a round where the thread ends in it.
struct OnPanic<'a>(usize, &'a [u8]);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("round {}: {}", self.0, self.1.escape_ascii());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_damages_alike_and_no_two_rounds_do() {
        let draw = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let files = (0..50).map(|_| damaged(b"version = 2\nlayers = [35, 25]\n", &mut random));
            files.collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut files = draw(1);
        files.sort();
        files.dedup();
        assert!(files.len() > 45, "{} of 50 differ", files.len());
    }

    #[test]
    fn numbers_become_extremes() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let files: Vec<_> = (0..2000)
            .map(|_| damaged(b"width = 28", &mut random))
            .collect();
        for number in NUMBERS {
            let whole = format!("width = {number}");
            assert!(files.contains(&whole.clone().into_bytes()), "{whole}");
        }
    }

    #[test]
    #[should_panic = "found"]
    fn a_reader_that_panics_is_found() {
        check(b"good", |bytes| {
            assert!(bytes.starts_with(b"good"), "found")
        });
    }
}
