//! The options of a check, and the call `check-backup`.

use std::time::{Duration, SystemTime};

use license_backup_core::{BackupRestoreStatus, CheckSummary, Failure};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::convert::unix_seconds;
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CheckOptions {
    from: BackupLocation,
    max_age: Duration,
    now: SystemTime,
    #[cfg_attr(feature = "serde", serde(default))]
    verify: bool,
}

impl CheckOptions {
    /// Checks that the store was backed up into the directory `from` within `max_age`, to the
    /// second, and that it has not shrunk. The directory is opened for reading only.
    #[must_use]
    pub fn new(from: impl Into<BackupLocation>, max_age: Duration) -> Self {
        Self {
            from: from.into(),
            max_age,
            now: SystemTime::now(),
            verify: false,
        }
    }

    /// Sets the current time, which is that of the call of [`CheckOptions::new`] otherwise.
    #[must_use]
    pub fn now(self, now: SystemTime) -> Self {
        Self { now, ..self }
    }

    /// Sets whether to verify every byte of the newest backup.
    #[must_use]
    pub fn verify(self, verify: bool) -> Self {
        Self { verify, ..self }
    }
}

impl Call for CheckOptions {
    const KIND: &'static str = "check";

    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::CheckSummary;
    type Summary = CheckSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        Ok(vec![Preopen::backup(&self.from, Access::Read, shares)?])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::CheckOptions {
            max_age: self.max_age.as_secs(),
            now: unix_seconds(self.now),
            verify: self.verify,
        };
        let result = guest
            .call_check_backup(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::CheckOperation {
                 cookie,
                 events,
                 completed,
             }| Accepted {
                cookie,
                events,
                completed,
            },
        ))
    }
}
