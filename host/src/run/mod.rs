//! One operation: its thread, its limits, its directories, and the calls of the component.

mod call;
mod driver;
mod filesystem;
mod limits;
mod linker;
mod memory;
mod opened;
mod preopens;
mod state;
mod summary_consumer;

use std::sync::Arc;
use std::thread;

use futures_channel::oneshot;
use futures_util::future::{Either, select};

pub(crate) use self::call::{Accepted, Call, CallResult};
use self::driver::Driver;
#[cfg(windows)]
pub(crate) use self::filesystem::create_directory;
pub(crate) use self::limits::Limits;
pub(crate) use self::linker::link;
pub(crate) use self::preopens::{Access, Preopen};
pub(crate) use self::state::State;
use crate::bindings::ServicePre;
use crate::deadline::Deadline;
use crate::operation_span::OperationSpan;
use crate::unc::Shares;
use crate::{Operation, OperationError};

/// Starts an operation on a thread of its own. Resolves when the component has accepted or refused
/// it.
pub(crate) async fn start<C: Call>(
    component: Arc<ServicePre<State>>,
    limits: Limits,
    shares: Arc<Shares>,
    call: C,
) -> Result<Operation<C::Event, C::Summary>, OperationError> {
    let (caller, answer) = oneshot::channel();
    let span = OperationSpan::new(C::KIND, limits.time);
    let (deadline, signal, guard) =
        Deadline::start(limits.time, component.engine(), &span).map_err(OperationError::Thread)?;
    let driver = Driver::new(component, call, deadline, signal.clone(), caller);
    let run = move || {
        span.in_scope(|| driver.run(&shares, limits.memory));
        drop(guard);
    };
    thread::Builder::new()
        .name("license-backup".to_owned())
        .spawn(run)
        .map_err(OperationError::Thread)?;
    match select(answer, signal).await {
        Either::Left((answer, _)) => answer.unwrap_or(Err(OperationError::Panicked)),
        Either::Right((limit, _)) => Err(OperationError::DeadlineExceeded { limit }),
    }
}
