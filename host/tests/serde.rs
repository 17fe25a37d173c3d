//! The feature `serde`: options, events and summaries survive a round trip.
#![cfg(feature = "serde")]

use std::fmt::Debug;

use license_backup::{
    BackupOptions, BackupRestoreStatus, BackupSummary, ErrorCode, Failure, LicenseListing,
    ListOptions, ListSummary, RestoreOptions, RestoreSummary, VerifyOptions, VerifySummary,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> String {
    let json = serde_json::to_string(value).expect("the value can be serialized");
    let parsed: T = serde_json::from_str(&json).expect("the JSON can be parsed");
    assert_eq!(&parsed, value);
    json
}

#[test]
fn options_survive_a_round_trip() {
    let json = survives(&BackupOptions::new("s", "b").overwrite(true));
    assert_eq!(json, r#"{"store":"s","to":"b","overwrite":true}"#);
    survives(&VerifyOptions::new("b").expected_blake3("00"));
    survives(&RestoreOptions::new("b", "s").dry_run(true));
    survives(&ListOptions::store("s"));
    survives(&ListOptions::backup("b"));
}

#[test]
fn events_survive_a_round_trip() {
    survives(&BackupRestoreStatus::Begin);
    survives(&BackupRestoreStatus::Error(Failure::at(
        ErrorCode::FileExists,
        "a.lic",
        "message",
    )));
}

#[test]
fn summaries_and_listings_can_be_serialized() {
    fn both<T: Serialize + DeserializeOwned>() {}
    both::<BackupSummary>();
    both::<VerifySummary>();
    both::<RestoreSummary>();
    both::<ListSummary>();
    both::<LicenseListing>();
}
