//! Conversations that branch: a question names the record that it follows, and a person may ask again or otherwise from
//! any of them.

use trousseau_core::principal::Principal;
use trousseau_retrieval::error::StoreError;

use super::sharing::look_again;
use super::{EntryId, Records};
use crate::error::GatewayError;
use crate::service::Gateway;

impl Gateway {
    /// Fails unless `parent` is a record of `owner` in that conversation.
    ///
    /// # Errors
    ///
    /// [`GatewayError::NoEntry`] also when it is another's, or stands in another conversation.
    pub(crate) async fn check_parent(
        &self,
        owner: &Principal,
        conversation: Option<&str>,
        parent: &EntryId,
    ) -> Result<(), GatewayError> {
        let stands = self.records.stands_in(owner, conversation, parent).await?;
        stands.then_some(()).ok_or_else(|| GatewayError::NoEntry {
            entry: parent.to_string(),
        })
    }
}

impl Records {
    async fn stands_in(
        &self,
        owner: &Principal,
        conversation: Option<&str>,
        entry: &EntryId,
    ) -> Result<bool, StoreError> {
        let until = self.awaits(entry);
        loop {
            let found = self.stands_here(owner, conversation, entry).await?;
            if found.is_some() || !look_again(until).await {
                return Ok(found.is_some());
            }
        }
    }

    async fn stands_here(
        &self,
        owner: &Principal,
        conversation: Option<&str>,
        entry: &EntryId,
    ) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar(
            "SELECT entry FROM records
             WHERE tenant = ? AND actor = ? AND conversation = ? AND replica = ? AND entry = ?",
        )
        .bind(owner.tenant.as_str())
        .bind(&owner.user)
        .bind(conversation)
        .bind(&entry.replica)
        .bind(entry.index as i64)
        .fetch_optional(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))
    }
}
