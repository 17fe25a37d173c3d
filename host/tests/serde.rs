//! The feature `serde`: options, events and summaries survive a round trip.
#![cfg(feature = "serde")]

use std::fmt::Debug;

use license_backup::{
    BackupLocation, BackupOptions, BackupRestoreStatus, BackupSummary, ErrorCode, Failure,
    LicenseListing, ListOptions, ListSummary, RestoreOptions, RestoreSummary, VerifyOptions,
    VerifySummary,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).expect("the value can be serialized");
    let parsed: T = serde_json::from_str(&json).expect("the JSON can be parsed");
    assert_eq!(&parsed, value);
}

#[test]
fn options_survive_a_round_trip() {
    survives(&BackupOptions::new("s", "b").overwrite(true));
    survives(&VerifyOptions::new("b").expected_blake3("00"));
    survives(&RestoreOptions::new("b", "s").dry_run(true));
    survives(&ListOptions::store("s"));
    survives(&ListOptions::backup("b"));
}

#[test]
fn locations_survive_a_round_trip() {
    for url in [
        "sftp://a%40b@[::1]:2222/~/a%20b",
        "sftp://nas/~/",
        "s3://bucket/a b",
    ] {
        let location = BackupLocation::parse(url).expect(url);
        survives(&location);
        survives(
            &location
                .s3_endpoint("https://s3.example.org")
                .allow_unconditional_writes(true),
        );
    }
}

#[test]
fn a_location_that_could_not_be_parsed_is_refused() {
    let read = serde_json::from_str::<BackupLocation>;
    read(r#"{"place":{"sftp":"sftp://host/a"}}"#).expect("it is valid");
    read(r#"{"place":{"s3":{"url":"s3://bucket/a"}}}"#).expect("it is valid");
    for json in [
        r#"{"place":{"sftp":"sftp://-oProxyCommand=x/a"}}"#,
        r#"{"place":{"sftp":"s3://bucket/a"}}"#,
        r#"{"place":{"s3":{"url":"s3://bucket/../a"}}}"#,
    ] {
        read(json).expect_err(json);
    }
}

#[test]
fn a_part_of_a_location_that_is_unknown_is_refused() {
    for json in [
        r#"{"place":{"directory":"b"},"unknown":[]}"#,
        r#"{"place":{"s3":{"url":"s3://bucket/a","unknown":true}}}"#,
    ] {
        serde_json::from_str::<BackupLocation>(json).expect_err(json);
    }
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
