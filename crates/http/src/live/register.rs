//! Which answers are being made or ended a moment ago, and whose they are. One that is another's is not there.
//!
//! A person has few at a time, the server no more than a bounded number, and what has ended is forgotten after some
//! minutes, sooner where memory is short.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_core::principal::{Principal, Tenant};

use super::log::{Full, Kind, Log};
use crate::HttpError;

/// How many answers one person may have made at the same time.
const RUNNING: usize = 8;

/// How long an answer can still be listened to after its end.
const KEPT: Duration = Duration::from_secs(300);

/// How many that have ended are kept of one person.
const KEPT_OF_ONE: usize = 32;

/// How much of answers that have ended is kept of everybody, in bytes.
const KEPT_BYTES: usize = 128 << 20;

/// One answer.
pub(super) struct Answer {
    /// Its id: 32 hexadecimal digits.
    pub(super) id: String,
    tenant: Tenant,
    user: String,
    pub(super) conversation: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) question: String,
    /// When it was asked, in milliseconds since 1970.
    pub(super) created: i64,
    /// Cancelled when the model is to stop.
    pub(super) stop: CancellationToken,
    log: Mutex<Log>,
    ended: Mutex<Option<Instant>>,
    news: watch::Sender<()>,
}

/// One that is about to begin.
pub(super) struct New<'a> {
    pub(super) owner: &'a Principal,
    pub(super) conversation: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) question: String,
    pub(super) created: i64,
}

impl Answer {
    /// Takes in what happened, and tells those who listen.
    pub(super) fn tell(&self, events: impl IntoIterator<Item = (Kind, String)>) -> Result<(), Full> {
        let mut log = self.log();
        let told = events
            .into_iter()
            .try_for_each(|(kind, data)| log.push(kind, &data));
        drop(log);
        self.news.send_replace(());
        told
    }

    /// Takes in the last event.
    pub(super) fn finish(&self, kind: Kind, data: &str) {
        self.log().finish(kind, data);
        *lock(&self.ended) = Some(Instant::now());
        self.news.send_replace(());
    }

    /// Hears of what is still to come.
    pub(super) fn listen(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// What happened so far.
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    /// Whether nothing comes behind the event with this number.
    pub(super) fn is_over_at(&self, after: usize) -> bool {
        let log = self.log();
        log.is_over() && after >= log.len()
    }

    fn ended(&self) -> Option<Instant> {
        *lock(&self.ended)
    }

    fn is_of(&self, owner: &Principal) -> bool {
        self.tenant == owner.tenant && self.user == owner.user
    }
}

/// The answers of everybody.
pub(crate) struct Register {
    answers: Mutex<HashMap<String, Arc<Answer>>>,
    /// The most that are made at the same time.
    limit: usize,
    /// What keeps them up.
    pub(super) tasks: TaskTracker,
}

impl Register {
    /// An empty one, in which at most `limit` answers are made at the same time.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            answers: Mutex::default(),
            limit,
            tasks: TaskTracker::new(),
        }
    }

    /// Enters one.
    pub(super) fn begin(&self, new: New<'_>) -> Result<Arc<Answer>, HttpError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| HttpError::Failed)?;
        let mut answers = lock(&self.answers);
        let running = || answers.values().filter(|answer| answer.ended().is_none());
        if running().filter(|answer| answer.is_of(new.owner)).count() >= RUNNING {
            return Err(HttpError::TooManyAnswers { limit: RUNNING });
        }
        if running().count() >= self.limit {
            return Err(HttpError::Busy { limit: self.limit });
        }
        let answer = Arc::new(Answer {
            id: format!("{:032x}", u128::from_be_bytes(id)),
            tenant: new.owner.tenant.clone(),
            user: new.owner.user.clone(),
            conversation: new.conversation,
            parent: new.parent,
            question: new.question,
            created: new.created,
            stop: CancellationToken::new(),
            log: Mutex::default(),
            ended: Mutex::default(),
            news: watch::Sender::new(()),
        });
        answers.insert(answer.id.clone(), Arc::clone(&answer));
        Ok(answer)
    }

    /// One of `owner`'s.
    pub(super) fn find(&self, owner: &Principal, id: &str) -> Result<Arc<Answer>, HttpError> {
        let found = lock(&self.answers).get(id).cloned();
        let own = found.filter(|answer| answer.is_of(owner));
        own.ok_or_else(|| HttpError::NoAnswer { id: id.to_owned() })
    }

    /// Those of `owner` that are being made, of one conversation or of all, oldest first.
    pub(super) fn running(&self, owner: &Principal, conversation: Option<&str>) -> Vec<Arc<Answer>> {
        let answers = lock(&self.answers);
        let running = answers.values().filter(|answer| {
            let wanted = conversation.is_none() || answer.conversation.as_deref() == conversation;
            wanted && answer.is_of(owner) && answer.ended().is_none()
        });
        let mut running: Vec<_> = running.cloned().collect();
        running.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        running
    }

    /// Forgets what ended long ago, and what ended first where there is too much.
    pub(crate) fn settle(&self) {
        self.settle_at(Instant::now());
    }

    fn settle_at(&self, now: Instant) {
        let mut answers = lock(&self.answers);
        let mut ended: Vec<_> = answers
            .values()
            .filter_map(|answer| Some((answer.ended()?, Arc::clone(answer))))
            .collect();
        ended.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
        let (mut bytes, mut of_one) = (0, HashMap::<(&Tenant, &str), usize>::new());
        for (since, answer) in &ended {
            bytes += answer.log().bytes() + answer.question.len();
            let own = of_one.entry((&answer.tenant, &answer.user)).or_default();
            *own += 1;
            let old = now.saturating_duration_since(*since) >= KEPT;
            if old || bytes > KEPT_BYTES || *own > KEPT_OF_ONE {
                answers.remove(&answer.id);
            }
        }
    }

    /// Lets those that are being made end.
    pub(crate) async fn wait(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Stops those that are being made.
    pub(crate) fn stop(&self) {
        for answer in lock(&self.answers).values() {
            answer.stop.cancel();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left behind is still a list of events.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Principal {
        Principal {
            user: name.to_owned(),
            ..Principal::operator(Tenant::default())
        }
    }

    fn begin(register: &Register, owner: &Principal) -> Result<Arc<Answer>, HttpError> {
        register.begin(New {
            owner,
            conversation: None,
            parent: None,
            question: "Oui ?".to_owned(),
            created: 1,
        })
    }

    #[tokio::test]
    async fn one_person_has_few_answers_at_a_time_and_everybody_together_not_too_many() {
        let register = Register::new(RUNNING + 2);
        let (anne, bob) = (person("anne"), person("bob"));
        let first = begin(&register, &anne).unwrap();
        for _ in 1..RUNNING {
            begin(&register, &anne).unwrap();
        }
        assert!(matches!(
            begin(&register, &anne),
            Err(HttpError::TooManyAnswers { .. })
        ));
        begin(&register, &bob).unwrap();
        begin(&register, &bob).unwrap();
        assert!(matches!(begin(&register, &bob), Err(HttpError::Busy { .. })));
        assert!(register.find(&bob, &first.id).is_err());
        assert_eq!(register.running(&anne, None).len(), RUNNING);
        assert!(register.running(&anne, Some("other")).is_empty());
        first.finish(Kind::End, "{}");
        assert_eq!(register.running(&anne, None).len(), RUNNING - 1);
        begin(&register, &anne).unwrap();
    }

    #[tokio::test]
    async fn what_ended_is_kept_for_a_while_and_within_bounds() {
        let register = Register::new(1000);
        let anne = person("anne");
        let answer = begin(&register, &anne).unwrap();
        let running = begin(&register, &anne).unwrap();
        answer.finish(Kind::End, "{}");
        register.settle();
        assert!(register.find(&anne, &answer.id).is_ok());
        register.settle_at(Instant::now() + KEPT);
        assert!(register.find(&anne, &answer.id).is_err());
        assert!(register.find(&anne, &running.id).is_ok());

        let mut all = Vec::new();
        for _ in 0..=KEPT_OF_ONE {
            let answer = begin(&register, &anne).unwrap();
            answer.finish(Kind::End, "{}");
            register.settle();
            all.push(answer);
        }
        assert!(register.find(&anne, &all[0].id).is_err());
        assert!(register.find(&anne, &all[1].id).is_ok());

        let long = "a".repeat(3 << 20);
        for number in 0..60 {
            let owner = person(&format!("p{number}"));
            let answer = begin(&register, &owner).unwrap();
            answer.tell([(Kind::Text, long.clone())]).unwrap();
            answer.finish(Kind::End, "{}");
            register.settle();
        }
        let answers = lock(&register.answers);
        let held: usize = answers.values().map(|answer| answer.log().bytes()).sum();
        assert!(held <= KEPT_BYTES, "{held}");
    }
}
