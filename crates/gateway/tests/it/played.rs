//! A configuration that only plays its part: what the program does with a real one is tested there.

use trousseau_core::model::ModelError;
use trousseau_core::principal::Principal;
use trousseau_http::control::{Added, Control, Doing, NewUpstream, Renewed, Trial, TrialOutcome};

/// Answers every call; what has a key works.
pub(crate) struct Played;

impl Control for Played {
    fn reload<'a>(&'a self, _by: &'a Principal) -> Doing<'a, Renewed> {
        Box::pin(async {
            Ok(Renewed {
                taken_up: ["upstream.vllm".to_owned()].into(),
                waiting: ["server.listen".to_owned()].into(),
            })
        })
    }

    fn try_upstream<'a>(&'a self, _by: &'a Principal, new: NewUpstream) -> Doing<'a, Trial> {
        Box::pin(async move {
            let answers = new.key.is_some();
            let error = ModelError::Cut { target: new.name };
            Ok(Trial {
                outcome: if answers {
                    TrialOutcome::Ready
                } else {
                    TrialOutcome::Failed
                },
                models: answers.then(|| vec![new.model]),
                streams: answers.then_some(true),
                first_token_ms: answers.then_some(12),
                total_ms: answers.then_some(20),
                answer: answers.then(|| "1, 2, 3".to_owned()),
                error: (!answers).then(|| Box::new(error) as Box<_>),
                rejected: Vec::new(),
            })
        })
    }

    fn add_upstream<'a>(&'a self, by: &'a Principal, new: NewUpstream) -> Doing<'a, Added> {
        Box::pin(async move {
            let written = new.key.is_some();
            Ok(Added {
                written,
                file: "/etc/trousseau/trousseau.toml".to_owned(),
                key_file: new.key.map(|_| "/etc/trousseau/secrets/vllm.key".to_owned()),
                block: "[[upstream]]\n".to_owned(),
                route: "documents".to_owned(),
                targets: vec![new.name],
                renewed: if written {
                    Some(self.reload(by).await?)
                } else {
                    None
                },
            })
        })
    }
}
