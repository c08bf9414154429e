//! A configuration that only plays its part: what the program does with a real one is tested there.

use jiff::Timestamp;
use trousseau_core::label::Class;
use trousseau_core::model::ModelError;
use trousseau_core::principal::Principal;
use trousseau_drill::cut::{Cut, Taken};
use trousseau_drill::recovery::Recovery;
use trousseau_drill::report::{Affected, ClassTold, GroupTold, Move, Report, RouteTold, Verdict};
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

    fn drill<'a>(&'a self, by: &'a Principal, cut: Cut, _since: Timestamp) -> Doing<'a, Report> {
        Box::pin(async move {
            let affected = Affected {
                users: by.groups.len(),
                ..Affected::default()
            };
            let recovery = Recovery {
                withdrawn_seconds: 0.0,
                unreachable_seconds: 5.0,
                silent_seconds: 60.0,
                failures_until_left_alone: 5,
                left_alone_seconds: 10.0,
                health_check_seconds: None,
            };
            let taken = cut.0.into_iter().map(|what| Taken {
                what,
                upstreams: vec!["vllm".to_owned()],
            });
            let goes = |to: Option<&str>| Move {
                from: "vllm".to_owned(),
                to: to.map(str::to_owned),
                requests: 2,
                tokens: 90,
            };
            Ok(Report {
                cut: taken.collect(),
                routes: vec![RouteTold {
                    route: "documents".to_owned(),
                    verdict: Verdict::Partly,
                    recorded: true,
                    requests: 4,
                    lost: 2,
                    classes: vec![ClassTold {
                        class: Class::Personal,
                        requests: 4,
                        lost: 2,
                        refused_before: 0,
                        targets: vec!["local".to_owned()],
                    }],
                    goes: vec![goes(Some("local")), goes(None)],
                    recovery: Some(recovery),
                }],
                affected,
                without_answer: affected,
                groups: vec![GroupTold {
                    group: "mairie".to_owned(),
                    requests: 4,
                    moved: 2,
                    lost: 2,
                }],
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
