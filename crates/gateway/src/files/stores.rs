//! Collections as people make, list, rename and delete them over HTTP: OpenAI's vector stores.

use serde_json::{Map, Value};
use trousseau_core::principal::{Principal, Reach, Reader};
use trousseau_ledger::Durability;
use trousseau_retrieval::store::{Collection, Page, Paging};

use super::{ATTEMPTS, FileError, administers, check_clearance, new_id};
use crate::entry::{self, Event};
use crate::service::Gateway;

/// How many documents are removed together.
const TOGETHER: usize = 256;

/// The longest name that a collection takes from its title, in bytes.
const NAME: usize = 64;

/// A collection that a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The collection.
    pub collection: Collection,
    /// Whether the caller may put files into it and delete it.
    pub looks_after: bool,
}

/// Whether somebody may put files into a collection and delete it.
pub(super) fn looks_after(principal: &Principal, collection: &Collection) -> bool {
    principal.reach == Reach::Whole
        || administers(principal)
        || collection.owner.as_ref() == Some(&principal.user)
}

impl Gateway {
    /// Who may read the documents of a collection.
    pub fn readers_of(&self, collection: &Collection) -> Vec<Reader> {
        match &collection.readers {
            Some(readers) => readers.clone(),
            None => self.plan().settings.collection(&collection.name).readers,
        }
    }

    /// Makes a collection. An administrator's has the title as its name, where that is free and plain, and the readers that
    /// the configuration gives it; anybody else's has a name of its own and one reader, its owner.
    pub async fn make_store(
        &self,
        owner: &Principal,
        title: &str,
        metadata: Map<String, Value>,
    ) -> Result<Collection, FileError> {
        let store = self.library.store();
        let id = new_id("vs_")?;
        let now = (self.now)().as_millisecond();
        let mut new = Collection {
            name: id.clone(),
            id,
            title: Some(title.to_owned()),
            owner: Some(owner.user.clone()),
            readers: Some(vec![Reader::User(owner.user.clone())]),
            metadata,
            created: now,
        };
        if administers(owner) {
            // As long as nobody has a collection of this name, the administrator's is the one that is configured.
            new.readers = None;
            let free = store
                .collection(&owner.tenant, None, Some(title))
                .await?
                .is_none();
            if is_plain(title) && free {
                new.name = title.to_owned();
            }
        }
        check_clearance(owner, &self.plan().settings.collection(&new.name).label)?;
        while !store.make_collection(&owner.tenant, &new).await? {
            new.name.clone_from(&new.id);
        }
        Ok(new)
    }

    /// A page of the collections that `reader` may see; oldest first or newest first.
    pub async fn stores(&self, reader: &Principal, paging: &Paging) -> Result<Page<Seen>, FileError> {
        let store = self.library.store();
        let all = store.all_collections(&reader.tenant).await?;
        let read = store.collections_read_by(reader).await?;
        let seen: Vec<Seen> = all
            .into_iter()
            .filter(|collection| self.sees(reader, collection) || read.contains(&collection.name))
            .map(|collection| seen(reader, collection))
            .collect();
        let page = paging.slice(seen, |seen| &seen.collection.id);
        page.ok_or_else(|| no_store(paging.cursor().unwrap_or_default()))
    }

    /// One collection that `reader` may see.
    pub async fn store(&self, reader: &Principal, id: &str) -> Result<Seen, FileError> {
        let store = self.library.store();
        let found = store.collection(&reader.tenant, Some(id), None).await?;
        let found = found.ok_or_else(|| no_store(id))?;
        if !self.sees(reader, &found) && !store.collections_read_by(reader).await?.contains(&found.name) {
            return Err(no_store(id));
        }
        Ok(seen(reader, found))
    }

    /// One collection that `principal` may put files into and delete.
    pub async fn own_store(&self, principal: &Principal, id: &str) -> Result<Collection, FileError> {
        let seen = self.store(principal, id).await?;
        if !seen.looks_after {
            return Err(FileError::NotYours { id: id.to_owned() });
        }
        Ok(seen.collection)
    }

    /// Shows a collection under another title or with other metadata. Its name stays: routes and commands go by it.
    pub async fn rename_store(
        &self,
        principal: &Principal,
        id: &str,
        title: Option<String>,
        metadata: Option<Map<String, Value>>,
    ) -> Result<Collection, FileError> {
        let mut collection = self.own_store(principal, id).await?;
        collection.title = title.or(collection.title);
        collection.metadata = metadata.unwrap_or(collection.metadata);
        let store = self.library.store();
        let title = collection.title.as_deref();
        let renamed = store.rename_collection(&principal.tenant, id, title, &collection.metadata);
        if !renamed.await? {
            return Err(no_store(id));
        }
        Ok(collection)
    }

    /// Gives a collection another access list, and the documents that had its former one; a document with a list of its own
    /// keeps it. When this returns, no search goes by the former list, and the ledger says that it was changed.
    ///
    /// # Errors
    ///
    /// [`FileError::Configured`] where the configuration says who may read it.
    pub async fn set_store_readers(
        &self,
        principal: &Principal,
        id: &str,
        readers: Vec<Reader>,
    ) -> Result<Collection, FileError> {
        let mut collection = self.own_store(principal, id).await?;
        if self.plan().settings.collections.contains_key(&collection.name) {
            return Err(FileError::Configured { id: id.to_owned() });
        }
        let (tenant, former) = (&principal.tenant, self.readers_of(&collection));
        let store = self.library.store();
        let changed = store.set_readers(tenant, (id, &collection.name), (&former, &readers));
        let documents = changed.await?.ok_or_else(|| no_store(id))?;
        self.library.refresh(tenant).await?;
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let event = Event::Collection(entry::Collection {
            operation: "readers-changed",
            actor: log.pseudonym(tenant, &self.records, &principal.user).await?,
            collection: id,
            documents,
        });
        log.append(now, event, Durability::Request).await?;
        collection.readers = Some(readers);
        Ok(collection)
    }

    /// Deletes a collection and its documents; uploads stay. When this returns, no search finds them.
    pub async fn delete_store(&self, principal: &Principal, id: &str) -> Result<(), FileError> {
        let collection = self.own_store(principal, id).await?;
        let (store, tenant) = (self.library.store(), &principal.tenant);
        for _ in 0..ATTEMPTS {
            // Tasks that wait for it come before its removal.
            let sources = store.sources_and_waiting(tenant, &collection.name).await?;
            let documents: Vec<_> = sources
                .into_iter()
                .map(|source| (collection.name.clone(), source))
                .collect();
            for some in documents.chunks(TOGETHER) {
                self.remove_now(tenant, some).await?;
            }
            if store.drop_collection(tenant, &collection.name).await? {
                return Ok(());
            }
        }
        Err(FileError::Changing { id: id.to_owned() })
    }

    /// Whether the access list and the label of a collection let `reader` in, whatever it holds.
    fn sees(&self, reader: &Principal, collection: &Collection) -> bool {
        if reader.reach == Reach::Whole || collection.owner.as_ref() == Some(&reader.user) {
            return true;
        }
        let readers = reader.readers();
        let label = self.plan().settings.collection(&collection.name).label;
        label.class <= reader.clearance
            && self
                .readers_of(collection)
                .iter()
                .any(|listed| readers.contains(listed))
    }
}

fn seen(reader: &Principal, collection: Collection) -> Seen {
    let looks_after = looks_after(reader, &collection);
    Seen {
        collection,
        looks_after,
    }
}

/// Whether a title can be the name of a collection: short, and without what a terminal or a command line reads otherwise.
fn is_plain(title: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    title.len() <= NAME && title.starts_with(char::is_alphanumeric) && title.chars().all(plain)
}

fn no_store(id: &str) -> FileError {
    FileError::NoStore { id: id.to_owned() }
}
