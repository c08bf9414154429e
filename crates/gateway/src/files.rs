//! Files that people keep here over HTTP, and the collections they put them into.
//!
//! An upload is its owner's: nobody else sees it, until it is attached to a collection ([`members`]) and becomes a
//! document, which the collection's access list gives to its readers. Attaching registers a task like the command
//! line's; [`Gateway::ingest`] works on it, and [`intake`] sees to it that somebody calls that. [`stores`] makes, lists and
//! deletes collections.
//!
//! What a caller may not see is not there: the errors are the same.

pub mod error;
pub mod intake;
pub mod members;
pub mod stores;

use std::io;
use std::sync::Arc;

use trousseau_core::label::Label;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_retrieval::library::blocking;
use trousseau_retrieval::store::{DOCUMENT_FILE, DocumentRow, FileRow, Page, Paging};
use trousseau_retrieval::uploads::{FileName, Incoming};

pub use error::FileError;

use crate::service::Gateway;

/// How often something is deleted anew that others attach to meanwhile.
const ATTEMPTS: usize = 8;

/// A file that a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// An upload.
    Upload(FileRow),
    /// A document that came another way.
    Document(Box<DocumentRow>),
}

/// A new id: the prefix and 24 hexadecimal digits.
fn new_id(prefix: &str) -> Result<String, FileError> {
    let mut bytes = [0; 16];
    getrandom::fill(bytes.get_mut(4..).unwrap_or_default())?;
    Ok(format!("{prefix}{:024x}", u128::from_be_bytes(bytes)))
}

impl Gateway {
    /// Begins to take in an upload of `owner`, who may have `limit` of them; returns its id as well.
    pub async fn begin_upload(
        &self,
        owner: &Principal,
        name: &FileName,
        limit: u64,
    ) -> Result<(String, Incoming), FileError> {
        let store = self.library.store();
        if store.count_files(&owner.tenant, &owner.user).await? >= limit {
            return Err(FileError::TooMany { limit });
        }
        let id = new_id(DOCUMENT_FILE)?;
        let (uploads, tenant) = (Arc::clone(self.library.uploads()), owner.tenant.clone());
        let (of, name) = (id.clone(), name.clone());
        let begun = blocking(move || uploads.begin(&tenant, &of, &name)).await?;
        Ok((id, begun?))
    }

    /// Keeps an upload that is whole, as `file` says.
    pub async fn keep_upload(
        &self,
        owner: &Principal,
        mut incoming: Incoming,
        mut file: FileRow,
        limit: u64,
    ) -> Result<FileRow, FileError> {
        let (incoming, finished) = blocking(move || {
            let finished = incoming.finish();
            (incoming, finished)
        })
        .await?;
        (file.size, file.digest) = finished?;
        file.created = (self.now)().as_millisecond();
        file.label.raise(&owner.label_floor);
        if !self
            .library
            .store()
            .keep_file(&owner.tenant, &file, limit)
            .await?
        {
            return Err(FileError::TooMany { limit });
        }
        incoming.keep();
        Ok(file)
    }

    /// A page of the uploads of `owner`.
    pub async fn files(
        &self,
        owner: &Principal,
        purpose: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<FileRow>, FileError> {
        let store = self.library.store();
        if let Some(cursor) = paging.cursor() {
            self.upload(owner, cursor).await?;
        }
        Ok(store
            .files_of(&owner.tenant, &owner.user, purpose, paging)
            .await?)
    }

    /// An upload of `reader`'s own, or one that a document was made from which `reader` may read; or such a document, by
    /// its own id or as a file's.
    pub async fn file(&self, reader: &Principal, id: &str) -> Result<File, FileError> {
        let store = self.library.store();
        if let Some(document) = document_id(id) {
            let row = store.document_row(reader, document).await?;
            return match row {
                Some(row) => Ok(File::Document(Box::new(row))),
                None => Err(no_file(id)),
            };
        }
        let file = store.file(&reader.tenant, id).await?;
        let file = file.ok_or_else(|| no_file(id))?;
        if file.owner != reader.user && !store.reads_file(reader, id).await? {
            return Err(no_file(id));
        }
        Ok(File::Upload(file))
    }

    /// The bytes of a file that [`Gateway::file`] gave.
    pub async fn file_bytes(&self, reader: &Principal, file: &File) -> Result<Vec<u8>, FileError> {
        match file {
            File::Document(row) => Ok(self.library.store().original(reader, &row.id).await?),
            File::Upload(row) => {
                let (uploads, tenant) = (Arc::clone(self.library.uploads()), reader.tenant.clone());
                let (id, name) = (row.id.clone(), row.name.clone());
                let read = blocking(move || uploads.read(&tenant, &id, &name)).await?;
                match read {
                    // It was deleted this moment.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Err(no_file(&row.id)),
                    read => Ok(read?),
                }
            }
        }
    }

    /// Deletes a file everywhere: the documents made from it, then its bytes. When this returns, no search finds it.
    pub async fn delete_file(&self, owner: &Principal, id: &str) -> Result<(), FileError> {
        match self.file(owner, id).await? {
            File::Document(row) => {
                let store = self.library.store();
                let collection = store
                    .collection(&owner.tenant, None, Some(&row.collection))
                    .await?;
                if !collection.is_some_and(|collection| stores::looks_after(owner, &collection)) {
                    return Err(FileError::NotYours { id: id.to_owned() });
                }
                self.remove_now(&owner.tenant, &[(row.collection, row.source)])
                    .await?;
                Ok(())
            }
            File::Upload(row) if row.owner != owner.user => Err(FileError::NotYours { id: row.id }),
            File::Upload(row) => self.drop_upload(&owner.tenant, &row.id).await,
        }
    }

    /// Deletes every upload of somebody, with the documents made from them; returns how many.
    pub async fn delete_files_of(&self, tenant: &Tenant, owner: &str) -> Result<usize, FileError> {
        let mut deleted = 0;
        loop {
            let page = self
                .library
                .store()
                .files_of(tenant, owner, None, &Paging::default())
                .await?;
            for file in &page.items {
                self.drop_upload(tenant, &file.id).await?;
                deleted += 1;
            }
            if !page.more {
                return Ok(deleted);
            }
        }
    }

    async fn drop_upload(&self, tenant: &Tenant, id: &str) -> Result<(), FileError> {
        let store = self.library.store();
        for _ in 0..ATTEMPTS {
            let made = store.made_of(tenant, id).await?;
            let made: Vec<_> = made
                .into_iter()
                .map(|made| (made.collection, made.source))
                .collect();
            self.remove_now(tenant, &made).await?;
            if store.drop_file(tenant, id).await? {
                let (uploads, tenant, id) =
                    (Arc::clone(self.library.uploads()), tenant.clone(), id.to_owned());
                blocking(move || uploads.remove(&tenant, &id)).await??;
                return Ok(());
            }
        }
        Err(FileError::Changing { id: id.to_owned() })
    }

    /// Removes the bytes of uploads that a killed process did not bring to their end. To be called before uploads are
    /// taken in.
    pub async fn sweep_uploads(&self) -> Result<usize, FileError> {
        let uploads = Arc::clone(self.library.uploads());
        let tenants = {
            let uploads = Arc::clone(&uploads);
            blocking(move || uploads.tenants()).await??
        };
        let mut swept = 0;
        for tenant in tenants {
            let known = self.library.store().file_ids(&tenant).await?;
            let uploads = Arc::clone(&uploads);
            swept += blocking(move || uploads.sweep(&tenant, &known)).await??;
        }
        Ok(swept)
    }

    /// An upload that is `owner`'s own.
    async fn upload(&self, owner: &Principal, id: &str) -> Result<FileRow, FileError> {
        match self.file(owner, id).await? {
            File::Upload(row) if row.owner == owner.user => Ok(row),
            File::Upload(_) | File::Document(_) => Err(FileError::NotYours { id: id.to_owned() }),
        }
    }
}

/// The document that an id of a file names, if it names one: as `file-doc-…` in lists, as `doc-…` in citations.
fn document_id(id: &str) -> Option<&str> {
    let bare = id.strip_prefix(DOCUMENT_FILE).unwrap_or(id);
    bare.starts_with("doc-").then_some(bare)
}

fn no_file(id: &str) -> FileError {
    FileError::NoFile { id: id.to_owned() }
}

/// Fails where `principal` could not read what it is about to keep under `label`.
fn check_clearance(principal: &Principal, label: &Label) -> Result<(), FileError> {
    if label.class <= principal.clearance {
        return Ok(());
    }
    Err(FileError::Clearance {
        class: label.class,
        clearance: principal.clearance,
    })
}

/// Whether somebody is an administrator.
fn administers(principal: &Principal) -> bool {
    principal.role == Role::Administrator
}
