//! The cases of the tests that interrupt an operation at every call, and the report of
//! their number.

use std::io::Write as _;

use super::power_loss::Surviving;

/// The number of seeds of [`Surviving::Some`] for each call: few by default, and many if
/// the variable is set.
const SEEDS: u64 = 8;
const SOAK_SEEDS: u64 = 200;
const SOAK_VARIABLE: &str = "LICENSE_BACKUP_SOAK";

/// Returns the sets of surviving changes to test for a loss of power at the call of this
/// number.
pub(crate) fn survivals(number: usize) -> impl Iterator<Item = Surviving> {
    let is_soak = std::env::var_os(SOAK_VARIABLE).is_some_and(|value| !value.is_empty());
    let seeds = if is_soak { SOAK_SEEDS } else { SEEDS };
    let first = number as u64 * SOAK_SEEDS;
    [Surviving::Everything, Surviving::Nothing, Surviving::Names]
        .into_iter()
        .chain((first..first + seeds).map(Surviving::Some))
}

/// Prints the number of cases of a test, also when it passes: the test harness captures
/// the output of the print macros.
pub(crate) fn report_count(cases: usize, at_least: usize, what: &str) {
    let line = format!("counted: {cases} cases: {what}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error can be written to");
    assert!(cases >= at_least, "only {cases} cases were tested: {what}");
}
