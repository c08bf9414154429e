//! A stream that broke after its first byte, continued by the next permitted target.
//!
//! What was delivered stays as it is. The request goes on from it as a request of its own: its content is another, so it is
//! decided and recorded anew. What comes in pieces that nobody can put together across a seam (calls of tools, structured
//! output) is not continued: it ends in an error that says so.

use trousseau_core::chat::ChatRequest;
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;

use crate::called::{Broken, Called, Means, Sending};

/// The most seams of one answer.
const SEAMS: usize = 3;

impl Called {
    /// The ways in which the request that goes on from what was delivered may be sent; what broke it where it ends here.
    /// `asked` is the request as it came, and `permits` are those for it, masked or not.
    pub(crate) async fn continuation(
        &self,
        means: Means<'_>,
        (asked, permits): (&ChatRequest, &[Permit]),
        broken: Broken,
    ) -> Result<(Vec<Sending>, Broken), Broken> {
        // What was delivered can only raise the label: who was refused before is not asked.
        let others = |permit: &Permit| permit.target() != broken.target && !self.broke(permit);
        let alone = !permits.iter().any(others);
        if alone || !means.route.continues || !self.can_go_on(asked, &broken.error) {
            return Err(broken);
        }
        let mut request = asked.clone();
        request.begun = Some(self.answer.text.clone()).filter(|text| !text.is_empty());
        request.joints = self.joints();
        request.cited.clone_from(&self.answer.citations);
        let mut ways = means.decides.anew(&request).await;
        for way in &mut ways {
            way.permits.retain(others);
        }
        ways.retain(|way| !way.permits.is_empty());
        if ways.is_empty() {
            return Err(broken);
        }
        Ok((ways, broken))
    }

    /// Where in the text of the answer another target went on, in bytes.
    fn joints(&self) -> Vec<usize> {
        let text = &self.answer.text;
        let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
        self.answer.seams.iter().map(|seam| byte(seam.at)).collect()
    }

    /// Whether the answer so far is one that another model can go on from.
    fn can_go_on(&self, request: &ChatRequest, error: &ModelError) -> bool {
        let structured = request
            .extra
            .get("response_format")
            .is_some_and(|format| format.get("type").is_none_or(|kind| kind != "text"));
        error.fails_over()
            && self.answer.seams.len() < SEAMS
            && self.answer.tool_calls.is_empty()
            && request.tools.definitions.is_empty()
            && !structured
    }

    /// Whether the stream of this target broke before.
    fn broke(&self, permit: &Permit) -> bool {
        self.answer.seams.iter().any(|seam| seam.from == permit.target())
    }
}
