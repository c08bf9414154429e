//! Files of a collection: attached, listed, removed, searched.

use std::collections::HashMap;

use serde_json::{Map, Value};
use trousseau_core::document::Passage;
use trousseau_core::label::Label;
use trousseau_core::principal::Principal;
use trousseau_retrieval::library::keep_relevant;
use trousseau_retrieval::store::{
    Attaching, Batch, Collection, Counts, DOCUMENT_FILE, Member, Members, NewAttachment, Page, Paging,
    Progress, Stored,
};

use super::stores::Seen;
use super::{FileError, check_clearance, new_id, no_file};
use crate::error::GatewayError;
use crate::service::Gateway;

/// The score that is halfway between none and certainty, in the units of the ranking.
const HALFWAY: f32 = 8.0;

/// Which files of a collection are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing<'a> {
    /// Those of this batch.
    pub batch: Option<&'a str>,
    /// Those that are so far.
    pub progress: Option<Progress>,
}

/// Something found in a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The file's id.
    pub file: String,
    /// What its giver wrote beside it.
    pub attributes: Map<String, Value>,
    /// The passage; its score is above 0 and below 1.
    pub passage: Passage,
}

impl Seen {
    fn members<'a>(&'a self, listing: Listing<'a>) -> Members<'a> {
        Members {
            collection: &self.collection.name,
            batch: listing.batch,
            progress: listing.progress,
            all_uploads: self.looks_after,
        }
    }
}

impl Gateway {
    /// Attaches uploads of `principal`'s own to a collection that it looks after, each with its attributes, under the
    /// collection's label or a higher one. Their tasks are registered, not worked on.
    pub async fn attach(
        &self,
        principal: &Principal,
        store: &str,
        files: &[(String, Map<String, Value>)],
        label: Option<&Label>,
        in_batch: bool,
    ) -> Result<Option<Batch>, FileError> {
        let collection = self.own_store(principal, store).await?;
        let mut uploads = Vec::with_capacity(files.len());
        for (id, attributes) in files {
            uploads.push(
                self.attachment(principal, &collection, id, attributes, label)
                    .await?,
            );
        }
        let batch = in_batch.then(|| new_id("vsfb_")).transpose()?;
        let now = (self.now)().as_millisecond();
        let attaching = Attaching {
            collection: &collection.name,
            readers: &self.readers_of(&collection),
            batch: batch.as_deref(),
            uploads: &uploads,
            now,
        };
        self.library.store().attach(&principal.tenant, &attaching).await?;
        Ok(batch.map(|id| Batch { id, created: now }))
    }

    async fn attachment(
        &self,
        principal: &Principal,
        collection: &Collection,
        id: &str,
        attributes: &Map<String, Value>,
        stated: Option<&Label>,
    ) -> Result<NewAttachment, FileError> {
        let upload = self.upload(principal, id).await?;
        let mut label = self.plan().settings.collection(&collection.name).label;
        label.raise(&upload.label);
        if let Some(stated) = stated {
            label.raise(stated);
        }
        check_clearance(principal, &label)?;
        Ok(NewAttachment {
            source: self
                .library
                .uploads()
                .path(&principal.tenant, &upload.id, &upload.name),
            path: format!("{}/{}", upload.id, upload.name),
            file: upload.id,
            label,
            attributes: attributes.clone(),
        })
    }

    /// How many files `reader` sees of a collection.
    pub async fn count_members(
        &self,
        reader: &Principal,
        seen: &Seen,
        listing: Listing<'_>,
    ) -> Result<Counts, FileError> {
        self.library.refresh(&reader.tenant).await?;
        let members = seen.members(listing);
        Ok(self.library.store().count_members(reader, &members).await?)
    }

    /// A page of the files that `reader` sees of a collection. What is listed as completed is found by searches.
    pub async fn members(
        &self,
        reader: &Principal,
        seen: &Seen,
        listing: Listing<'_>,
        paging: &Paging,
    ) -> Result<Page<Member>, FileError> {
        let members = seen.members(listing);
        if let Some(cursor) = paging.cursor() {
            self.member(reader, seen, cursor).await?;
        }
        let page = self.library.store().members(reader, &members, paging).await?;
        self.library.refresh(&reader.tenant).await?;
        Ok(page)
    }

    /// One file of a collection, if `reader` may see it.
    pub async fn member(&self, reader: &Principal, seen: &Seen, id: &str) -> Result<Member, FileError> {
        let members = seen.members(Listing::default());
        let found = self.library.store().member(reader, &members, id).await?;
        let found = found.ok_or_else(|| no_file(id))?;
        if found.progress == Progress::Completed {
            self.library.refresh(&reader.tenant).await?;
        }
        Ok(found)
    }

    /// The text that was read from a file of a collection.
    pub async fn member_text(&self, reader: &Principal, seen: &Seen, id: &str) -> Result<Stored, FileError> {
        let member = self.member(reader, seen, id).await?;
        Ok(self.library.store().document(reader, &member.document).await?)
    }

    /// Writes other attributes beside an attached upload.
    pub async fn set_attributes(
        &self,
        principal: &Principal,
        store: &str,
        id: &str,
        attributes: &Map<String, Value>,
    ) -> Result<Member, FileError> {
        let seen = self.store(principal, store).await?;
        let member = self.member(principal, &seen, id).await?;
        let name = &seen.collection.name;
        let documents = self.library.store();
        let set = seen.looks_after
            && documents
                .set_attributes(&principal.tenant, name, id, attributes)
                .await?;
        if !set {
            return Err(FileError::NotYours { id: id.to_owned() });
        }
        let attributes = attributes.clone();
        Ok(Member { attributes, ..member })
    }

    /// Removes a file from a collection: its document goes, an upload stays. When this returns, no search finds it.
    pub async fn remove_member(&self, principal: &Principal, store: &str, id: &str) -> Result<(), FileError> {
        let seen = self.store(principal, store).await?;
        let member = self.member(principal, &seen, id).await?;
        if !seen.looks_after {
            return Err(FileError::NotYours { id: id.to_owned() });
        }
        let name = seen.collection.name;
        let documents = [(name.clone(), member.source)];
        self.remove_now(&principal.tenant, &documents).await?;
        if member.uploaded {
            self.library.store().detach(&principal.tenant, &name, id).await?;
        }
        Ok(())
    }

    /// A batch of a collection.
    pub async fn batch(&self, reader: &Principal, seen: &Seen, id: &str) -> Result<Batch, FileError> {
        let store = self.library.store();
        let found = store.batch(&reader.tenant, &seen.collection.name, id).await?;
        found.ok_or_else(|| FileError::NoBatch { id: id.to_owned() })
    }

    /// The best passages of a collection for any of `questions` among what `reader` may read, best first, each once.
    pub async fn search_store(
        &self,
        reader: &Principal,
        seen: &Seen,
        questions: &[String],
        limit: usize,
    ) -> Result<Vec<Found>, FileError> {
        let most = self.plan().settings.limits.question_bytes;
        let collections = [seen.collection.name.clone()];
        let mut best: HashMap<i64, Passage> = HashMap::new();
        for question in questions {
            let found = question.len();
            if found > most {
                return Err(GatewayError::LongQuestion { found, limit: most }.into());
            }
            let search = self.library.search(reader, question, Some(&collections), limit);
            let mut passages = search.await?;
            keep_relevant(&mut passages);
            for passage in passages {
                let kept = best.get(&passage.chunk).map_or(0.0, |kept| kept.score);
                if passage.score > kept {
                    best.insert(passage.chunk, passage);
                }
            }
        }
        let mut passages: Vec<Passage> = best.into_values().collect();
        passages.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
        passages.truncate(limit);
        let documents: Vec<&str> = passages.iter().map(|passage| passage.document.as_str()).collect();
        let origins = self.library.store().origins(&reader.tenant, &documents).await?;
        let found = passages.into_iter().map(|mut passage| {
            passage.score /= passage.score + HALFWAY;
            let origin = origins.get(&passage.document);
            Found {
                file: match origin {
                    Some(origin) => origin.file.clone(),
                    None => format!("{DOCUMENT_FILE}{}", passage.document),
                },
                attributes: origin.map_or_else(Map::new, |origin| origin.attributes.clone()),
                passage,
            }
        });
        Ok(found.collect())
    }
}
