//! Numbers, dates, amounts and durations in running text.
