//! The options of forgetting generations, and the call `forget-generations`.

use std::time::SystemTime;

use license_backup_core::{Failure, ForgetSummary, GenerationDecision, RetentionPolicy};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::convert::unix_seconds;
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of forgetting generations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForgetOptions {
    from: BackupLocation,
    #[cfg_attr(feature = "serde", serde(default))]
    policy: RetentionPolicy,
    #[cfg_attr(feature = "serde", serde(default))]
    unpin: Vec<String>,
    now: SystemTime,
    #[cfg_attr(feature = "serde", serde(default))]
    dry_run: bool,
}

impl ForgetOptions {
    /// Removes the generations in the directory `from` that `policy` does not keep. The newest
    /// generation, pinned ones and those with a time in the future are always kept.
    #[must_use]
    pub fn new(from: impl Into<BackupLocation>, policy: RetentionPolicy) -> Self {
        Self {
            from: from.into(),
            policy,
            unpin: Vec::new(),
            now: SystemTime::now(),
            dry_run: false,
        }
    }

    /// Sets the current time, which is that of the call of [`ForgetOptions::new`] otherwise.
    #[must_use]
    pub fn now(self, now: SystemTime) -> Self {
        Self { now, ..self }
    }

    /// Removes the pin of a generation before the policy is applied. It fails with
    /// [`ErrorCode::PathNotFound`](crate::ErrorCode::PathNotFound) if there is none. If the policy has
    /// no rule, nothing else is removed.
    #[must_use]
    pub fn unpin(mut self, name: impl Into<String>) -> Self {
        self.unpin.push(name.into());
        self
    }

    /// Sets whether the operation removes nothing, and only reports what it would remove. The
    /// directory is then opened for reading only.
    #[must_use]
    pub fn dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }
}

impl Call for ForgetOptions {
    const KIND: &'static str = "forget";

    type WireEvent = management::GenerationDecision;
    type Event = GenerationDecision;
    type WireSummary = management::ForgetSummary;
    type Summary = ForgetSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        let access = if self.dry_run {
            Access::Read
        } else {
            Access::ReadAndWrite
        };
        Ok(vec![Preopen::backup(&self.from, access, shares)?])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::ForgetOptions {
            policy: self.policy.into(),
            unpin: self.unpin.clone(),
            now: unix_seconds(self.now),
            dry_run: self.dry_run,
        };
        let result = guest
            .call_forget_generations(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::ForgetOperation {
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
