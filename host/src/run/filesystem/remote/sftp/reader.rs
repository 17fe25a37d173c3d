//! A file that is read.

use std::io;
use std::sync::Arc;

use russh_sftp::protocol::{FileAttributes, OpenFlags};
use tokio::sync::Mutex;

use super::connection::Client;
use super::failure::Failure;
use super::metadata;
use super::own::{Handle, size};
use super::session::Session;
use crate::run::filesystem::remote::{File, Metadata};

/// A file whose size and time of the last change stay as they were when it was opened.
pub(super) struct Reader {
    client: Arc<Client>,
    path: String,
    metadata: Metadata,
    attributes: FileAttributes,
    handle: Mutex<Option<Handle>>,
}

impl Reader {
    pub(super) fn new(
        client: Arc<Client>,
        path: String,
        id: u128,
        attributes: FileAttributes,
        handle: Handle,
    ) -> Self {
        Self {
            client,
            path,
            metadata: metadata(&attributes, id),
            attributes,
            handle: Mutex::new(Some(handle)),
        }
    }

    /// Calls with the handle of the file in this session, in which it may have to be opened again.
    async fn call<T>(
        &self,
        session: &Arc<Session>,
        call: impl AsyncFnOnce(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut current = self.handle.lock().await;
        let handle = if let Some(handle) = Handle::of(current.as_ref(), session) {
            handle.to_owned()
        } else {
            let (opened, attributes) = open(session, &self.path).await?;
            if !is_same(&attributes, &self.attributes) {
                opened.close().await;
                return Err(Failure::changed("the file has changed"));
            }
            current.insert(opened).handle.clone()
        };
        call(&handle).await
    }
}

impl File for Reader {
    fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.metadata)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let rest = self.metadata.size.saturating_sub(offset);
        let length = usize::try_from(rest).map_or(length, |rest| rest.min(length));
        self.client.call(async |session, _| {
            let read = async |handle: &str| session.read(handle, offset, length).await;
            self.call(session, read).await
        })
    }

    fn append(&self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// Fails with [`io::ErrorKind::Unsupported`] on a server that cannot sync a file.
    fn sync(&self) -> io::Result<()> {
        self.client.call(async |session, _| {
            let sync = async |handle: &str| session.sync(handle).await;
            self.call(session, sync).await
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.get_mut().take() {
            self.client.spawn(handle.close());
        }
    }
}

/// Opens a regular file. The server would follow a link, so the file must be the one that it was
/// before; and opening something else could block the server.
pub(super) async fn open(
    session: &Arc<Session>,
    path: &str,
) -> Result<(Handle, FileAttributes), Failure> {
    let attributes = session.lstat(path).await?;
    if !attributes.is_regular() {
        return Err(Failure::changed("it is not a regular file"));
    }
    let handle = Handle {
        handle: session.open_file(path, OpenFlags::READ).await?,
        session: Arc::clone(session),
    };
    let opened = session.fstat(&handle.handle).await?;
    if !is_same(&opened, &attributes) {
        handle.close().await;
        return Err(Failure::changed("the file has changed while it was opened"));
    }
    Ok((handle, opened))
}

/// Returns `true` if both are attributes of the same file, as far as the server reports it.
fn is_same(one: &FileAttributes, other: &FileAttributes) -> bool {
    size(one) == size(other)
        && one.mtime == other.mtime
        && one.permissions == other.permissions
        && one.uid == other.uid
}
