//! Which models a server offers: `GET /v1/models`.

use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;
use trousseau_wire::client::offered;

use crate::call::Endpoint;
use crate::egress::{Clients, EgressError};
use crate::failure::Sent;
use crate::server::Server;

/// The list of a server's models.
pub struct Offered(Endpoint);

/// Nothing is sent but the key.
struct Nothing;

impl Sent for Nothing {
    fn visit(&self, _visit: &mut dyn FnMut(&str)) {}
}

impl Offered {
    /// The list of `server`, reached through `clients`.
    pub fn new(server: Server, clients: impl Into<Clients>) -> Result<Self, EgressError> {
        Ok(Self(Endpoint::new(server, clients.into(), "models")?))
    }

    /// Whether the server answers, whatever it says: it may know no such list. Nothing of anybody is sent, so that there is
    /// nothing to permit; whoever asks has seen to it that the server may be called for something.
    pub async fn answers(&self) -> bool {
        let found = self.0.get(&Nothing).await;
        !matches!(
            found,
            Err(ModelError::Unavailable { .. } | ModelError::TimedOut { .. } | ModelError::Cut { .. })
        )
    }

    /// Asks for the names, in the server's order. `permit` is one for a call to this very server: who may not be called may
    /// not be asked either.
    pub async fn names(&self, permit: &Permit) -> Result<Vec<String>, ModelError> {
        let target = &self.0.server.target;
        if permit.target() != target {
            return Err(ModelError::NotPermitted {
                target: target.clone(),
            });
        }
        let body = self.0.get(&Nothing).await?;
        offered(&body).map_err(|fault| self.0.blame(&[], &Nothing).fault(fault))
    }
}
