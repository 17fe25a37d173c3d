//! What the tests have in common that try every call: how often each is tried, and what they tell of it.

use std::io::Write as _;

use super::Left;

/// How many power cuts of [`Left::Some`] are tried at each call: few, or many if the environment asks for it.
const SEEDS: u64 = 8;
const SEEDS_OF_A_SOAK: u64 = 200;
const SOAK: &str = "LICENSE_BACKUP_SOAK";

/// What is tried of everything that stops at the call of this number.
pub(crate) fn lefts(number: usize) -> impl Iterator<Item = Left> {
    let is_soak = std::env::var_os(SOAK).is_some_and(|value| !value.is_empty());
    let seeds = if is_soak { SEEDS_OF_A_SOAK } else { SEEDS };
    let first = number as u64 * SEEDS_OF_A_SOAK;
    [Left::Everything, Left::Nothing, Left::Names]
        .into_iter()
        .chain((first..first + seeds).map(Left::Some))
}

/// Tells how many cases a test has tried, also when it passes: the test harness keeps what the print macros write.
pub(crate) fn tell_count(cases: usize, at_least: usize, what: &str) {
    let line = format!("counted: {cases} cases: {what}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error can be written to");
    assert!(cases >= at_least, "only {cases} cases were tried: {what}");
}
