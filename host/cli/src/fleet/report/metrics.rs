//! The report in the text format of Prometheus.

use super::Report;
use super::state::Reason;
use crate::metrics::write_gauge;

/// Returns the text of a report that was made at `now`, in seconds since the Unix epoch.
pub(super) fn text(report: &Report, now: u64) -> String {
    let mut text = String::new();
    let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
    let mut gauge = |name: &str, help: &str, value: u64| {
        let name = format!("license_backup_fleet_{name}");
        write_gauge(&mut text, &name, help, [(String::new(), value)]);
    };
    gauge(
        "plan_timestamp_seconds",
        "Time of the plan, in seconds since the Unix epoch.",
        report.plan.time,
    );
    gauge(
        "report_timestamp_seconds",
        "Time of the report, in seconds since the Unix epoch.",
        now,
    );
    gauge("units", "Units of the plan.", number(report.units.len()));
    gauge("good", "Units with a good backup.", number(report.good()));
    gauge(
        "incomplete",
        "Units with a good backup of which some files could not be read.",
        number(report.incomplete()),
    );
    let bad = Reason::ALL.map(|reason| {
        let labels = format!("{{reason=\"{}\"}}", reason.name());
        (labels, number(report.bad(reason).count()))
    });
    write_gauge(
        &mut text,
        "license_backup_fleet_bad",
        "Units without a good backup.",
        bad,
    );
    text
}
