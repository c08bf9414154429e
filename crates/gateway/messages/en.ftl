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

# Accounts.
account-unknown-key = This API key is not known.
    .hint = Check that it was copied whole, and that it was not revoked.
account-expired-key = This API key expired at { $expired }.
    .hint = Ask an administrator for a new one.
account-name = “{ $name }” cannot be the name of an account.
    .hint = 1 to 64 of a-z, A-Z, 0-9, “.”, “_”, “@”, “+” and “-”, beginning with a letter or digit; “operator” and “oidc-…” are the program’s own.
account-taken = There is already an account “{ $name }”.
    .hint = Choose another name, or revoke the key of this name first.
account-passed = { $expires } has passed already.
account-none = There is no account “{ $name }”.
