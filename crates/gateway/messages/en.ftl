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

# The server.
http-not-found = There is nothing at { $path }.
    .hint = OpenAI's clients want the address of the server followed by /v1.
http-method = { $path } cannot be called with { $method }.
http-no-credentials = This needs an API key or a session.
    .hint = Send the key as “Authorization: Bearer trs-...”. An administrator makes one with “trousseau keys create”.
http-role = The role { $role } may not do this.
http-body-too-large = The request is larger than { BYTES($limit) }.
http-body-slow = The request took longer than { $seconds } seconds to arrive.
http-body-cut = The request broke off before its end.
http-header = The header { $name } is not valid: { $reason }
http-busy = The server answers { $limit } requests already, as many as it may.
    .hint = Try again in a few seconds.
http-no-model = There is no model “{ $name }”, or this key may not use it.
    .hint = GET /v1/models lists those that it may use.
http-failed = The request was not answered: the program failed.
    .hint = The server's log says more, under the request's id.
http-listen = { $address } cannot be listened on: { $reason }
http-tls-read = The certificate or its key cannot be read: { $reason }
http-tls-pem = { $path } cannot be used for TLS: { $reason }
http-tls-key = The key { $path } cannot be used for TLS: { $reason }
