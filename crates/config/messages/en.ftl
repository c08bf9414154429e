# Faults of the configuration file.

config-not-found = There is no configuration file { $file }.
    .hint = “trousseau config example” gives a commented example.
config-read = The configuration { $file } cannot be read: { $reason }
config-syntax = { $file }, line { $line }, column { $column }: { $reason }
    .hint = “trousseau config example” gives a commented example.
config-mistyped-key = { $file }, line { $line }, column { $column }: unknown key “{ $key }”
    .hint = Did you mean “{ $meant }”?
config-unknown-key = { $file }, line { $line }, column { $column }: unknown key “{ $key }”
    .hint = Accepted here: { $known }
config-missing-key = { $file }, line { $line }, column { $column }: the key “{ $key }” is missing
config-wrong-type = { $file }, line { $line }, column { $column }: { $expected ->
        [integer] a whole number
        [string] a text in quotation marks
        [boolean] true or false
        [list] a list in square brackets
        [table] a table
       *[other] { $expected }
    } is expected, not { $found }
config-addition-syntax = Nothing can be added to the configuration file, which cannot be read: { $reason }
    .hint = “trousseau config check” says where.
config-addition-form = Nothing can be added: “{ $key }” is not written as [[{ $key }]].
    .hint = Write one [[{ $key }]] table for each, or add the place by hand.
config-addition-upstream = There is no upstream “{ $name }” in the configuration file; there are: { $known }.
config-addition-route = There is no route “{ $name }”.
config-addition-changed = The file { $file } could not be written: { $reason }
config-addition-key = There is a key file { $file } already.
    .hint = Choose another name, or remove that file if nothing needs it.
config-faults = { $file } has { $count ->
        [one] one fault
       *[other] { $count } faults
    }:
    .hint = “trousseau config example” gives a commented example.
config-value = { $key }: “{ $found }” is not accepted; accepted are: { $expected }
config-twice = { $key }: the name “{ $name }” is given twice
config-unknown-name = { $key }: there is no “{ $name }”; there are: { $known }
config-missing = { $key } is missing
config-literal-secret = { $key }: a secret is written out here, where everybody who reads the file sees it; say where it stands instead: {"{"} file = "…" {"}"}, {"{"} env = "…" {"}"} or {"{"} credential = "…" {"}"}
config-secret-place = { $key } says in one way where the secret stands: file, env or credential.
config-secret-header = { $key } carries a secret: its place is key, and key_header where it is not “Authorization: Bearer”.
config-targets-and-groups = { $key } gives targets and groups: a route has one or the other.
    .hint = targets are tried one after another; groups share the work among those of one group.
config-hedge = { $key } says either after how many milliseconds (after_ms), or percentile = true.
config-hedge-alone = { $key } has no effect: it needs a second target to ask.
config-cache-forgets = { $key } has no effect: with retention_days = 0, no answer is kept.
config-own-but-public = { $key } says “own”, and { $url } looks like an address that everybody can reach: is it on your own premises?
config-directory-plain = { $key } sends passwords to { $url } unprotected: whoever is on the way reads them.
config-directory-filter = { $key }: “{ $found }” is not a search filter: { $reason }.
    .hint = A filter is written like “(uid={"{login}"})” (RFC 4515).
config-card-outdated = { $key }: its facts were to be gone through again by { $until }. Look at them again and write a new valid_until, or take a newer version with a newer catalogue.
config-unpriced = { $key } does not say what it costs in { $currency }: whoever has a budget in { $currency } is not sent there, nor through a route that may lead there. Write the price, or [spending] unknown_price.
config-attestation-ended = { $key } ended on { $until } and counts no longer.
