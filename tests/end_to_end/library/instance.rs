//! Tests of several calls of one instance of the component. Only hosts that share an instance make
//! such calls: the library creates a separate instance for each operation.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use license_backup_tests::harness::Sandbox;
use tokio::sync::oneshot;
use wasmtime::component::{
    Accessor, Component, FutureConsumer, FutureReader, HasData, Lift, Linker, ResourceTable, Source,
};
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{filesystem, io};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

use self::bindings::Service;
use self::bindings::exports::license_backup::management::management::{
    BackupOptions, Guest, LicenseFilter, ListSource, RestoreOptions, VerifyOptions,
};
use self::bindings::exports::license_backup::management::types::{ErrorCode, Failure};

mod bindings {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        clippy::pedantic,
        reason = "the code is generated"
    )]

    wasmtime::component::bindgen!({
        path: "../wit",
        world: "service",
        with: { "wasi": wasmtime_wasi::p2::bindings },
        imports: { default: async | trappable },
        exports: { default: async | store },
    });
}

/// The longest duration of an operation.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// The state of the host.
struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// The resource table of [`State`], in which the WASI interfaces store their resources.
struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Runs `calls` with an instance that can access the store and the backup directory of a sandbox.
fn with_instance(
    sandbox: &Sandbox,
    calls: impl AsyncFnOnce(&Guest, &Accessor<State>) -> wasmtime::Result<()>,
) {
    let engine = Engine::default();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/components/license-backup.wasm");
    let component =
        Component::from_file(&engine, path).expect("`make component` builds the component");
    let mut linker = Linker::new(&engine);
    filesystem::types::add_to_linker::<State, WasiFilesystem>(&mut linker, State::filesystem)
        .unwrap();
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(&mut linker, State::filesystem)
        .unwrap();
    io::error::add_to_linker::<State, Table>(&mut linker, |state| &mut state.table).unwrap();
    io::poll::add_to_linker::<State, Table>(&mut linker, |state| &mut state.table).unwrap();
    io::streams::add_to_linker::<State, Table>(&mut linker, |state| &mut state.table).unwrap();
    let mut wasi = WasiCtx::builder();
    wasi.allow_blocking_current_thread(true);
    wasi.preopened_dir(sandbox.store(), "/licenses", FsPerms::ReadOnly)
        .unwrap();
    wasi.preopened_dir(sandbox.backup(), "/backup", FsPerms::ReadWrite)
        .unwrap();
    let mut store = Store::new(
        &engine,
        State {
            wasi: wasi.build(),
            table: ResourceTable::new(),
        },
    );
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    executor
        .block_on(async {
            let instance = Service::instantiate_async(&mut store, &component, &linker).await?;
            let guest = instance.license_backup_management_management();
            store
                .run_concurrent(async |accessor| calls(guest, accessor).await)
                .await?
        })
        .expect("the component should not trap");
}

/// A consumer that sends the value of a future of the component to a channel.
struct Sender<T>(Option<oneshot::Sender<T>>);

impl<D, T: Lift + Send + Sync + 'static> FutureConsumer<D> for Sender<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(sender), Some(value)) = (self.0.take(), value) {
            let _ = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}

/// Returns the outcome of an operation, or the code of its failure. Requires that the operation
/// ends within [`TIME_LIMIT`].
async fn outcome<T: Lift + Send + Sync + 'static>(
    accessor: &Accessor<State>,
    completed: FutureReader<Result<T, Failure>>,
) -> Result<T, ErrorCode> {
    let (sender, receiver) = oneshot::channel();
    accessor
        .with(|mut access| completed.pipe(&mut access, Sender(Some(sender))))
        .expect("the future can be read");
    let arrived = tokio::time::timeout(TIME_LIMIT, receiver)
        .await
        .expect("the operation should end in time");
    arrived
        .expect("the component should return the outcome")
        .map_err(|failure| failure.code)
}

/// Returns the filter that includes all licenses.
fn everything() -> LicenseFilter {
    LicenseFilter {
        include: Vec::new(),
        license_ids: Vec::new(),
        key_ids: Vec::new(),
    }
}

#[test]
fn an_instance_is_busy_until_its_operation_has_ended() {
    let sandbox = Sandbox::with_many_files(2000);
    with_instance(&sandbox, async |guest, accessor| {
        let backup = async || {
            guest
                .call_backup_licenses(
                    accessor,
                    "/backup".into(),
                    BackupOptions {
                        overwrite: true,
                        allow_shrink: false,
                        generation: None,
                        encrypted: None,
                        retention: None,
                    },
                )
                .await
        };
        let mut unread = Vec::new();
        for _ in 0..3 {
            let operation = backup().await?.expect("the instance should be free");
            let refused = backup().await?.err().map(|failure| failure.code);
            assert_eq!(refused, Some(ErrorCode::Busy));
            let refused = guest
                .call_verify_backup(
                    accessor,
                    "/backup".into(),
                    VerifyOptions {
                        generation: None,
                        expected_blake3: None,
                    },
                )
                .await?;
            assert_eq!(
                refused.err().map(|failure| failure.code),
                Some(ErrorCode::Busy)
            );
            let refused = guest
                .call_restore_licenses(
                    accessor,
                    "/backup".into(),
                    RestoreOptions {
                        generation: None,
                        overwrite: false,
                        dry_run: false,
                        filter: everything(),
                    },
                )
                .await?;
            assert_eq!(
                refused.err().map(|failure| failure.code),
                Some(ErrorCode::Busy)
            );
            let refused = guest
                .call_list_licenses(accessor, ListSource::Store, everything())
                .await?;
            assert_eq!(
                refused.err().map(|failure| failure.code),
                Some(ErrorCode::Busy)
            );
            let summary = outcome(accessor, operation.completed)
                .await
                .expect("the backup should complete");
            assert_eq!(summary.licenses, 2000);
            unread.push(operation.events);
        }
        assert_eq!(unread.len(), 3);
        Ok(())
    });
}

#[test]
fn a_refused_call_leaves_the_instance_free() {
    let sandbox = Sandbox::with_many_files(10);
    with_instance(&sandbox, async |guest, accessor| {
        let refused = guest
            .call_backup_licenses(
                accessor,
                "/backup/nowhere".into(),
                BackupOptions {
                    overwrite: false,
                    allow_shrink: false,
                    generation: None,
                    encrypted: None,
                    retention: None,
                },
            )
            .await?;
        let failure = refused
            .map(|_| ())
            .expect_err("the directory should not be found");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(
            failure.message.contains("/licenses, /backup"),
            "{}",
            failure.message
        );
        let accepted = guest
            .call_backup_licenses(
                accessor,
                "/backup".into(),
                BackupOptions {
                    overwrite: false,
                    allow_shrink: false,
                    generation: None,
                    encrypted: None,
                    retention: None,
                },
            )
            .await?;
        let summary = outcome(
            accessor,
            accepted.expect("the instance should be free").completed,
        )
        .await;
        assert_eq!(summary.map(|summary| summary.licenses), Ok(10));
        Ok(())
    });
}

#[test]
fn cancelling_twice_or_too_late_frees_the_instance() {
    let sandbox = Sandbox::with_many_files(2000);
    with_instance(&sandbox, async |guest, accessor| {
        for _ in 0..2 {
            let accepted = guest
                .call_backup_licenses(
                    accessor,
                    "/backup".into(),
                    BackupOptions {
                        overwrite: false,
                        allow_shrink: false,
                        generation: None,
                        encrypted: None,
                        retention: None,
                    },
                )
                .await?;
            let operation = accepted.expect("the instance should be free");
            guest
                .cancellation_cookie()
                .call_cancel(accessor, operation.cookie)
                .await?;
            guest
                .cancellation_cookie()
                .call_cancel(accessor, operation.cookie)
                .await?;
            let ended = outcome(accessor, operation.completed).await;
            assert_eq!(ended.err(), Some(ErrorCode::Cancelled));
            guest
                .cancellation_cookie()
                .call_cancel(accessor, operation.cookie)
                .await?;
        }
        Ok(())
    });
    assert!(
        !sandbox.backup_file().exists(),
        "a cancelled backup should not be written"
    );
}
