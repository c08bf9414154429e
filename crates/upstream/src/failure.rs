//! What a server's failure means for the caller, in the core's words.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use trousseau_core::model::{ModelError, Phase};
use trousseau_wire::Fault;

use crate::redaction::{OF_A_SECRET, OF_WHAT_WAS_SENT, Redaction};
use crate::secret::Revealed;

/// The longest wait that a server may ask for, in seconds: a day.
const LONGEST_WAIT: u64 = 86_400;

/// Who failed, and what its words must not repeat.
pub(crate) struct Blame<'a> {
    /// The target.
    pub target: &'a str,
    /// The secrets of the call.
    pub secrets: &'a [Revealed],
    /// What was sent.
    pub sent: &'a dyn Sent,
}

/// What was sent, text by text.
pub(crate) trait Sent: Send + Sync {
    /// Calls `visit` with every text.
    fn visit(&self, visit: &mut dyn FnMut(&str));
}

impl Blame<'_> {
    /// The error that an HTTP status stands for. `words` are what the server says.
    pub(crate) fn status(&self, status: StatusCode, headers: &HeaderMap, words: &str) -> ModelError {
        if status == StatusCode::TOO_MANY_REQUESTS {
            return ModelError::RateLimited {
                target: self.target(),
                retry_after: retry_after(headers),
            };
        }
        self.code(status.as_u16(), words)
    }

    /// The error of a server that blames what is configured here.
    pub(crate) fn misconfigured(&self, status: StatusCode, words: &str) -> ModelError {
        ModelError::Misconfigured {
            target: self.target(),
            status: status.as_u16(),
            reason: self.redacted(words),
        }
    }

    /// The error that a status stands for, where no headers came with it.
    fn code(&self, status: u16, words: &str) -> ModelError {
        let (target, reason) = (self.target(), self.redacted(words));
        match status {
            429 => ModelError::RateLimited {
                target,
                retry_after: None,
            },
            // Nothing of the request is at fault: the key, the account, the address, the model's name.
            300..=399 | 401..=405 | 407 | 410 | 426 => ModelError::Misconfigured {
                target,
                status,
                reason,
            },
            // It took the server too long, or it is asked too early.
            408 | 425 => ModelError::Unavailable { target, reason },
            400..=499 => ModelError::Refused {
                target,
                status,
                reason,
            },
            500..=599 => ModelError::Unavailable { target, reason },
            _ => ModelError::Malformed {
                target,
                reason: format!("an answer with status {status}"),
            },
        }
    }

    /// The error of an answer that cannot be read, or that tells of an error itself.
    pub(crate) fn fault(&self, fault: Fault) -> ModelError {
        match fault {
            Fault::Reported {
                message,
                status: Some(status),
            } => self.code(status, &message),
            Fault::Reported {
                message,
                status: None,
            } => ModelError::Unavailable {
                target: self.target(),
                reason: self.redacted(&message),
            },
            fault => self.malformed(&fault.to_string()),
        }
    }

    /// The error of an answer that is not what its protocol says.
    pub(crate) fn malformed(&self, reason: &str) -> ModelError {
        ModelError::Malformed {
            target: self.target(),
            reason: self.redacted(reason),
        }
    }

    /// The error of a server that was too slow.
    pub(crate) fn timed_out(&self, phase: Phase, limit: Duration) -> ModelError {
        ModelError::TimedOut {
            target: self.target(),
            phase,
            limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The error of a call that brought no answer.
    pub(crate) fn unreached(&self, error: &reqwest::Error, connect: Duration) -> ModelError {
        if error.is_timeout() {
            return self.timed_out(Phase::Connect, connect);
        }
        ModelError::Unavailable {
            target: self.target(),
            reason: self.redacted(&root(error)),
        }
    }

    pub(crate) fn cut(&self) -> ModelError {
        ModelError::Cut {
            target: self.target(),
        }
    }

    fn target(&self) -> String {
        self.target.to_owned()
    }

    fn redacted(&self, words: &str) -> String {
        let mut redaction = Redaction::of(words);
        for secret in self.secrets {
            redaction.hide(secret.as_str(), OF_A_SECRET);
        }
        let mut hiding = redaction.against(OF_WHAT_WAS_SENT);
        self.sent.visit(&mut |text| hiding.look_in(text));
        hiding.done();
        redaction.text()
    }
}

/// The innermost cause, which says what happened without repeating the address.
fn root(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(|error| error.source()) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "the call failed".to_owned(), ToString::to_string)
}

/// Whether a connection was closed without a byte of an answer, as servers do with one that was idle for long.
pub(crate) fn closed_early(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let hyper = error.downcast_ref::<hyper::Error>();
        if hyper.is_some_and(|error| error.is_incomplete_message() || error.is_canceled()) {
            return true;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
            );
        }
        cause = error.source();
    }
    false
}

/// After how many seconds a server may be asked again: RFC 9110, section 10.2.3, or `retry-after-ms`. A date is read
/// against the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok());
    if let Some(milliseconds) = milliseconds.filter(|wait| wait.is_finite() && *wait >= 0.0) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above; saturates"
        )]
        let seconds = (milliseconds / 1000.0).ceil() as u64;
        return Some(seconds.min(LONGEST_WAIT));
    }
    let after = text(header::RETRY_AFTER.as_str())?;
    let seconds = match after.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let (until, now) = (date(after)?, date(text(header::DATE.as_str())?)?);
            u64::try_from(until.as_second() - now.as_second()).unwrap_or(0)
        }
    };
    Some(seconds.min(LONGEST_WAIT))
}

fn date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(headers: &[(&'static str, &str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        retry_after(&headers.collect())
    }

    #[test]
    fn the_wait_is_read_in_all_its_forms() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[("retry-after", "12")]), Some(12));
        assert_eq!(
            after(&[("retry-after-ms", "1500"), ("retry-after", "9")]),
            Some(2)
        );
        assert_eq!(after(&[("retry-after", "99999999999")]), Some(LONGEST_WAIT));
        assert_eq!(after(&[("retry-after", "-3")]), None);
        assert_eq!(after(&[("retry-after", "soon")]), None);
        let date = ("date", "Sat, 21 Nov 2026 10:00:00 GMT");
        assert_eq!(
            after(&[date, ("retry-after", "Sat, 21 Nov 2026 10:01:30 GMT")]),
            Some(90)
        );
        assert_eq!(
            after(&[date, ("retry-after", "Sat, 21 Nov 2026 09:00:00 GMT")]),
            Some(0)
        );
        assert_eq!(after(&[("retry-after", "Sat, 21 Nov 2026 10:01:30 GMT")]), None);
    }
}
