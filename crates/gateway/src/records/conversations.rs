//! Conversations: lists of one person's records, which that person alone lists, reads, renames and deletes.

use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::principal::Principal;
use trousseau_record::title::title_of;
use trousseau_retrieval::error::StoreError;
use trousseau_text::prefixes::Prefixes;

use super::own::{Listing, Page, SEARCH_BYTES, Summary, language_of};
use super::{Records, erasure, record};
use crate::error::GatewayError;
use crate::service::Gateway;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// Its title: its first question until it is renamed; empty before that.
    pub title: String,
    /// The language of the title, `fr` or `en`, where its words tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it was begun, in milliseconds since 1970.
    pub created: i64,
    /// When it last went on or was renamed, in milliseconds since 1970.
    pub updated: i64,
    /// How many records it has.
    #[serde(default)]
    pub records: u64,
}

/// The columns of a [`Conversation`].
pub(super) const COLUMNS: &str = "id, title, created, updated, (SELECT count(*) FROM records r
     WHERE r.tenant = conversations.tenant AND r.conversation = conversations.id) AS records";

impl Gateway {
    /// Begins a conversation without a title.
    ///
    /// # Errors
    ///
    /// [`GatewayError::NothingKept`] where the organisation keeps no questions and answers.
    pub async fn begin_conversation(&self, owner: &Principal) -> Result<Conversation, GatewayError> {
        if self.plan().settings.forgets {
            return Err(GatewayError::NothingKept);
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let now = (self.now)().as_millisecond();
        let begun = Conversation {
            id: format!("{:032x}", u128::from_be_bytes(id)),
            title: String::new(),
            language: None,
            created: now,
            updated: now,
            records: 0,
        };
        self.records.insert_conversation(owner, &begun).await?;
        self.records.tell().await;
        Ok(begun)
    }

    /// The conversations of `owner`, the one that went on last first, after the one with the id `after`.
    pub async fn conversations(
        &self,
        owner: &Principal,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Conversation>, GatewayError> {
        Ok(self.records.conversations(owner, after, limit).await?)
    }

    /// The conversations of `owner` in whose title, or in one of whose records, a word begins with each word of `text`; as
    /// [`Gateway::conversations`].
    pub async fn search_conversations(
        &self,
        owner: &Principal,
        text: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Conversation>, GatewayError> {
        let (found, most) = (text.len(), SEARCH_BYTES);
        if found > most {
            return Err(GatewayError::LongText { found, limit: most });
        }
        let page = self.records.search_conversations(owner, text, after, limit);
        Ok(page.await?)
    }

    /// One conversation of `owner`.
    ///
    /// # Errors
    ///
    /// [`GatewayError::NoConversation`] also when it is another's.
    pub async fn conversation(&self, owner: &Principal, id: &str) -> Result<Conversation, GatewayError> {
        let found = self.records.conversation(owner, id).await?;
        found.ok_or_else(|| none(id))
    }

    /// The records of one conversation of `owner`, oldest first, after the entry `after`.
    pub async fn turns(
        &self,
        owner: &Principal,
        id: &str,
        after: Option<&super::EntryId>,
        limit: usize,
    ) -> Result<Page<Summary>, GatewayError> {
        self.conversation(owner, id).await?;
        let listing = Listing {
            after: after.cloned(),
            limit,
            conversation: Some(id.to_owned()),
            text: None,
        };
        Ok(self.records.summaries(owner, &listing).await?)
    }

    /// Gives a conversation another title, cut to [`TITLE`](trousseau_record::title::TITLE) characters.
    pub async fn rename_conversation(
        &self,
        owner: &Principal,
        id: &str,
        title: &str,
    ) -> Result<Conversation, GatewayError> {
        self.conversation(owner, id).await?;
        let (now, title) = ((self.now)().as_millisecond(), title_of(title));
        let renamed = self.records.rename_conversation(owner, id, &title, now).await?;
        self.records.tell().await;
        renamed.ok_or_else(|| none(id))
    }

    /// Deletes a conversation with its records: their content is erased, and the ledger says how many they were.
    pub async fn delete_conversation(&self, owner: &Principal, id: &str) -> Result<u64, GatewayError> {
        self.conversation(owner, id).await?;
        self.erase(&owner.tenant, &erasure::Which::conversation(owner, id))
            .await
    }
}

fn none(id: &str) -> GatewayError {
    GatewayError::NoConversation { id: id.to_owned() }
}

impl Records {
    async fn insert_conversation(&self, owner: &Principal, begun: &Conversation) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        sqlx::query(
            "INSERT INTO conversations (tenant, id, actor, title, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(owner.tenant.as_str())
        .bind(&begun.id)
        .bind(&owner.user)
        .bind(&begun.title)
        .bind(begun.created)
        .bind(begun.updated)
        .execute(&mut *writer)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    async fn conversations(
        &self,
        owner: &Principal,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Conversation>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM conversations
             WHERE tenant = ?1 AND actor = ?2 AND (?3 IS NULL OR (updated, id) <
                 (SELECT updated, id FROM conversations WHERE tenant = ?1 AND actor = ?2 AND id = ?3))
             ORDER BY updated DESC, id DESC LIMIT ?4",
        )))
        .bind(owner.tenant.as_str())
        .bind(&owner.user)
        .bind(after)
        .bind(limit.saturating_add(1) as i64)
        .fetch_all(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(conversation).collect::<Result<_, _>>();
        Ok(Page::cut(read.map_err(|error| self.fault(error))?, limit))
    }

    async fn search_conversations(
        &self,
        owner: &Principal,
        text: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Conversation>, StoreError> {
        let query = Prefixes::of(text);
        if query.is_empty() {
            return self.conversations(owner, after, limit).await;
        }
        let with = self.conversations_with(owner, &query).await?;
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM conversations
             WHERE tenant = ?1 AND actor = ?2 AND (?3 IS NULL OR (updated, id) <
                 (SELECT updated, id FROM conversations WHERE tenant = ?1 AND actor = ?2 AND id = ?3))
             ORDER BY updated DESC, id DESC",
        )))
        .bind(owner.tenant.as_str())
        .bind(&owner.user)
        .bind(after)
        .fetch(self.readers().await?);
        let mut found: Vec<Conversation> = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(|error| self.fault(error))? {
            let read = conversation(&row).map_err(|error| self.fault(error))?;
            if with.contains(&read.id) || query.are_in(&read.title) {
                found.push(read);
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(Page::cut(found, limit))
    }

    pub(crate) async fn conversation(
        &self,
        owner: &Principal,
        id: &str,
    ) -> Result<Option<Conversation>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM conversations WHERE tenant = ? AND actor = ? AND id = ?",
        )))
        .bind(owner.tenant.as_str())
        .bind(&owner.user)
        .bind(id)
        .fetch_optional(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        let read = row.as_ref().map(conversation).transpose();
        read.map_err(|error| self.fault(error))
    }

    async fn rename_conversation(
        &self,
        owner: &Principal,
        id: &str,
        title: &str,
        now: i64,
    ) -> Result<Option<Conversation>, StoreError> {
        let mut writer = self.writer().await?;
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE conversations SET title = ?, updated = max(updated, ?) WHERE tenant = ? AND actor = ? AND id = ?
             RETURNING {COLUMNS}",
        )))
        .bind(title)
        .bind(now)
        .bind(owner.tenant.as_str())
        .bind(&owner.user)
        .bind(id)
        .fetch_optional(&mut *writer)
        .await
        .map_err(|error| self.fault(error))?;
        let read = row.as_ref().map(conversation).transpose();
        read.map_err(|error| self.fault(error))
    }
}

pub(super) fn conversation(row: &SqliteRow) -> Result<Conversation, sqlx::Error> {
    let title: String = row.try_get("title")?;
    Ok(Conversation {
        id: row.try_get("id")?,
        language: language_of(&title),
        title,
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
        records: record::index(row, "records")?,
    })
}
