# Questions and records.
gateway-empty-question = The question is empty.
    .hint = Write it in quotes: trousseau ask "Your question?"
gateway-long-question = The question is too long: more than { BYTES($limit) }.
    .hint = Shorten it, or raise max_question_bytes in [ask].
gateway-no-route = There is no route “{ $name }”.
    .hint = The routes of the configuration: { $known }
gateway-exhausted = No permitted destination answered: { $attempts } (entry { $entry })
    .hint = Try again later; the failure is recorded.
gateway-declined = { $target } says that the request is wrong (entry { $entry }).
gateway-broken = The answer of { $target } broke off: do not rely on it (entry { $entry }).
    .hint = Ask again; the failure is recorded.
gateway-hung-up = Whoever asked hung up (entry { $entry }).
gateway-no-entry = There is no entry { $entry }.
    .hint = “trousseau ledger show” lists the last ones.
gateway-random = The system gives no random bytes: { $reason }
gateway-entry = An entry of the ledger could not be written: { $reason }
