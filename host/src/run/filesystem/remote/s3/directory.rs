//! The directory of a bucket.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqsign_core::{Env, OsEnv};

use super::super::connect::Purpose;
use super::super::{Directory, Entry, EntryKind, File, Metadata};
use super::client::Client;
use super::commit::Condition;
use super::connection::Connection;
use super::listing::{self, ForeignUpload};
use super::multipart;
use super::object::{Object, ObjectFile, opened_for_reading};
use super::retry::Patience;
use super::upload::Upload;
use super::{credentials, probe};
use crate::location::S3Location;

/// Connects to a directory in a bucket. Nothing is sent yet unless the run writes.
///
/// # Errors
///
/// `InvalidInput` if the URL of the server is not valid, and `Unsupported` if the operation creates
/// an archive and the server does not support conditions of writes.
pub(crate) fn connect(
    location: &S3Location,
    purpose: Purpose<'_>,
) -> io::Result<Arc<dyn Directory>> {
    let directory = connect_with(location, purpose, OsEnv, Patience::USUAL)?;
    Ok(Arc::new(directory))
}

/// Connects with these variables, and repeats requests at these times.
pub(super) fn connect_with(
    location: &S3Location,
    purpose: Purpose<'_>,
    environment: impl Env,
    patience: Patience,
) -> io::Result<S3Directory> {
    let Purpose {
        is_writable,
        archive,
    } = purpose;
    let prefix = match location.prefix() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let client = Client::new(location, credentials::context(environment), patience)?;
    // An operation that creates no archive needs no conditions.
    let has_conditions = archive.is_some() && probe::has_conditions(&client, &prefix)?;
    if archive.is_some() && !has_conditions && !location.allow_unconditional_writes {
        return Err(probe::unsupported());
    }
    Ok(S3Directory {
        connection: Arc::new(Connection {
            client,
            prefix,
            archive: archive.map(str::to_owned),
            has_conditions,
            allow_unconditional_writes: location.allow_unconditional_writes,
        }),
        is_writable,
        uploads: Mutex::default(),
        foreign_uploads: Mutex::default(),
    })
}

/// Returns `true` if a name is that of a temporary file, which gets its final name later.
fn is_temporary(name: &str) -> bool {
    name.strip_prefix(".license-backup-")
        .is_some_and(|number| number.strip_suffix(".tmp").is_some())
}

/// A directory in a bucket.
pub(super) struct S3Directory {
    connection: Arc<Connection>,
    is_writable: bool,
    /// The files that were created here, by the names with which they were created.
    uploads: Mutex<BTreeMap<String, Arc<Upload>>>,
    /// The uploads of other runs, by their names in the last list.
    foreign_uploads: Mutex<BTreeMap<String, ForeignUpload>>,
}

impl S3Directory {
    fn uploads(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Upload>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn foreign_uploads(&self) -> MutexGuard<'_, BTreeMap<String, ForeignUpload>> {
        self.foreign_uploads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the file that was created here under a name, unless the bucket has it under that
    /// name.
    fn upload(&self, name: &str) -> Option<Arc<Upload>> {
        let upload = self.uploads().get(name).cloned();
        upload.filter(|upload| !upload.is_stored_as(name))
    }

    /// Returns the file that was created here under a name, for a change of its name.
    fn created(&self, name: &str) -> io::Result<Arc<Upload>> {
        let message = "no file of this run has this name";
        self.upload(name)
            .ok_or_else(|| io::Error::new(ErrorKind::NotFound, message))
    }

    fn object(&self, name: &str) -> io::Result<Object> {
        let key = self.connection.key(name)?;
        Ok(Object::find(&self.connection.client, &key)?)
    }
}

impl Directory for S3Directory {
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut names = listing::objects(&self.connection)?;
        let own: Vec<String> = self
            .uploads()
            .values()
            .filter_map(|own| own.upload_id())
            .collect();
        let mut foreign = listing::uploads(&self.connection)?;
        foreign.retain(|upload| !own.contains(&upload.upload_id));
        let foreign: BTreeMap<_, _> = foreign
            .into_iter()
            .map(|upload| (upload.name(), upload))
            .collect();
        names.extend(foreign.keys().cloned());
        let own = self.uploads();
        let own = own.iter().filter(|(name, own)| !own.is_stored_as(name));
        names.extend(own.map(|(name, _)| name.clone()));
        *self.foreign_uploads() = foreign;
        let file = |name| Entry {
            name,
            kind: EntryKind::File,
        };
        Ok(names.into_iter().map(file).collect())
    }

    fn metadata(&self, name: &str) -> io::Result<Metadata> {
        if let Some(upload) = self.upload(name) {
            return upload.metadata();
        }
        let foreign = self.foreign_uploads().get(name).cloned();
        if let Some(upload) = foreign {
            return Ok(Metadata {
                kind: EntryKind::File,
                size: 0,
                modified: listing::last_change(&self.connection, &upload)?,
                id: upload.id(),
            });
        }
        Ok(self.object(name)?.metadata)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        if let Some(upload) = self.upload(name) {
            return Ok(Box::new(upload));
        }
        Ok(Box::new(ObjectFile {
            connection: Arc::clone(&self.connection),
            object: self.object(name)?,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        if !self.is_writable {
            return Err(opened_for_reading());
        }
        self.connection.key(name)?;
        let own_name = (!is_temporary(name)).then(|| name.to_owned());
        if own_name.is_some() {
            match self.object(name) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                found => {
                    found?;
                    return Err(io::Error::new(ErrorKind::AlreadyExists, "the file exists"));
                }
            }
        }
        let upload = Arc::new(Upload::new(&self.connection, own_name)?);
        let mut uploads = self.uploads();
        if uploads.contains_key(name) {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "the file exists"));
        }
        uploads.insert(name.to_owned(), Arc::clone(&upload));
        Ok(Box::new(upload))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.created(from)?.commit(to, Condition::Absent)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.created(from)?.commit(to, Condition::Any)?;
        self.uploads().remove(from);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        if let Some(upload) = self.upload(name) {
            upload.discard()?;
            self.uploads().remove(name);
            return Ok(());
        }
        let foreign = self.foreign_uploads().get(name).cloned();
        if let Some(upload) = foreign {
            multipart::abort(&self.connection.client, &upload.key, &upload.upload_id)?;
            self.foreign_uploads().remove(name);
            return Ok(());
        }
        if !self.is_writable {
            return Err(opened_for_reading());
        }
        let key = self.connection.key(name)?;
        Ok(Object::remove(&self.connection.client, &key)?)
    }

    /// Does nothing: an object is durable with its name.
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
