# What the command line says, its help apart.

error-heading = error:
hint-heading = hint:
reference-title = Command reference

app-no-data = No data folder: neither --data nor TROUSSEAU_DATA, XDG_DATA_HOME or HOME is set.
    .hint = Add --data FOLDER.
app-not-shared = This data folder shares no database with other replicas.
    .hint = Name one in [state] first.
app-locked = { $data } is in use by process { $holder }.
    .hint = Wait until it has finished, or name another folder with --data.
app-nothing-yet = { $data } holds no document yet.
    .hint = Begin with “trousseau ingest FOLDER”.
app-stranger = { $data } belongs to another user: only that user and root may do this.
app-not-an-address = “{ $text }” is not an address to listen on.
    .hint = Write an address and a port, such as 127.0.0.1:8642, [::1]:8642 or 0.0.0.0:443.
app-not-a-country = “{ $text }” is not a country.
    .hint = Write its ISO 3166-1 code, such as US, CN or GB.
app-exposed = { $address } would listen to other machines without TLS: keys and answers could be read on the way.
    .hint = Set tls_certificate and tls_key in [server]. If a proxy that does TLS stands before, set insecure = true or add --insecure.
app-other-version = The server on { $data } is version { $server }, this program is version { $own }: they do not understand each other.
    .hint = Use the program of version { $server }, or restart the server with this one.
app-other-config = The server on { $data } runs with the configuration { $config }, not with the one you name.
    .hint = Leave out --config, or restart the server with the other configuration.
app-no-config = The server on { $data } runs without a configuration file, not with the one you name.
    .hint = Leave out --config, or restart the server with it.
app-no-server = No server runs on { $data }.
    .hint = There is nothing to reload: the next command reads the file anyway. “trousseau config check” checks it.
app-server-busy = The server on { $data } runs as many commands as it may.
    .hint = Try again in a moment.
app-server-gone = The server on { $data } ended before the command did: { $reason }
    .hint = Type the command again: what was done is kept.
app-no-entry = There is no entry “{ $id }” in the catalogue.
    .hint = There are: { $known }.
app-no-key = There is no key “{ $name }” in the configuration.
    .hint = Add a table [[key]] with name = "{ $name }".
app-not-an-entry = “{ $text }” is not an entry.
    .hint = Write a number, such as 12, or main/12.
app-io = { $reason }
app-output = Standard output could not be written whole: { $reason }
app-nothing-ingested = No file could be read ({ $failed } skipped).
    .hint = “trousseau tasks --state failed” says why, file by file.
app-ledger-unsound = The ledger { $directory } is not sound: { $findings ->
        [one] one finding
       *[other] { $findings } findings
    }.
    .hint = Keep these files as they are, and compare them with a backup or with a proof that you hold.

usage-unknown-command = There is no command “{ $found }”.
    .hint = “trousseau --help” lists the commands.
usage-mistyped-command = There is no command “{ $found }”.
    .hint = Did you mean “{ $meant }”?
usage-unknown-argument = “{ $argument }” is not expected here.
    .hint = Write: { $usage }. A text of several words goes between quotation marks.
usage-mistyped-argument = “{ $argument }” is not expected here.
    .hint = Did you mean “{ $meant }”?
usage-missing = Missing: { $argument }
    .hint = Write: { $usage }
usage-conflict = “{ $argument }” does not go with “{ $other }”.
    .hint = Write: { $usage }
usage-no-value = A value is missing after { $argument }.
usage-choice = “{ $found }” is not accepted for { $argument }; accepted are: { $accepted }
usage-value = “{ $found }” is not accepted for { $argument }.
    .hint = Add --help to the command to know what it expects.
usage-label = “{ $found }” is not a label.
    .hint = Write public, internal, personal, sensitive or restricted, with tags where needed, such as “sensitive+health”.
usage-tenant = “{ $found }” is not the name of a tenant.
    .hint = A name has 1 to 64 characters of a-z, 0-9 and “-”, and does not begin with “-”.
usage-reader = “{ $found }” is not a reader.
    .hint = Write “*” for all, “user:NAME” or “group:NAME”.

config-no-file = No configuration: the local answerer, without a network, is used.
config-sound = { $file }: { $upstreams ->
        [one] { $upstreams } upstream
       *[other] { $upstreams } upstreams
    }, { $routes ->
        [one] { $routes } route
       *[other] { $routes } routes
    }, { $collections ->
        [one] { $collections } collection
       *[other] { $collections } collections
    }, no fault.

serve-listens = Trousseau listens on { $url }
serve-first-key = This administrator’s key is shown once and never again: keep it. “trousseau keys” makes and revokes others.

reload-nothing = The configuration that runs already says what the file says.
reload-taken-up = Taken up: { $keys }
reload-waiting = Waits for the server’s next start: { $keys }

backup-made = { $folder }: { $files } files, { BYTES($bytes) }. Nothing in it is encrypted: keep it as you keep the data.
backup-without-state = The accounts, withdrawals and limits that the replicas share are in { $database }, and not in this backup: back it up as well, with pg_dump.
backup-restored = { $folder }: restored as it was at { $created }, { $files } files, { BYTES($bytes) }.

warning-heading = warning:
usage-role = “{ $found }” is not a role.
    .hint = Write user, administrator, auditor, data-protection-officer or provisioner.
usage-lasting = “{ $found }” is no length of time.
    .hint = Write seconds, minutes or hours, such as 60s, 5m or 1h: at most a day.
usage-expiry = “{ $found }” is neither a day nor a number of days.
    .hint = Write a day, such as 2027-06-30, or a number of days, such as 90d.


keys-made = The key “{ $name }” ({ $id }) is shown once and never again: keep it.
keys-none = No key.
keys-revoked = The key “{ $name }” ({ $id }) is revoked: it is refused from now on.
users-link = Whoever follows this link, until { $expires } and once, chooses the password. It is shown once.
users-none = No user.
users-disabled = “{ $name }” may not sign in any more, and is signed out everywhere.
users-enabled = “{ $name }” may sign in again.
account-state-valid = valid
account-state-until = until { $moment }
account-state-revoked = revoked { $moment }
account-state-disabled = disabled { $moment }
account-state-invited = no password yet
account-state-provided = at { $issuer }
role-user = user
role-administrator = administrator
role-auditor = auditor
role-provisioner = provisioner
role-data-protection-officer = data-protection officer
column-id = id
column-name = name
column-role = role
column-clearance = clearance
column-used = last used
column-limit = limit
column-whose = of
column-counted = counts
column-spent = used
column-reserved = reserved
column-most = of
column-free = free again
amount = { AMOUNT($amount) }
limits-none = No limit.
limits-whose = { $kind ->
        [key] key { $name }
        [user] { $name }
        [group] group { $name }
        [tenant] tenant { $name }
       *[everyone] everybody
    }
limits-what = { $what ->
        [requests] requests a minute
        [tokens] tokens a minute
        [budget-tokens] tokens
       *[budget-money] { $unit }
    }{ $per ->
        [day] {" "}a day
        [week] {" "}a week
        [month] {" "}a month
       *[other] {""}
    }
limits-anew = anew on { $moment }
records-exported = { $count ->
        [0] No record of “{ $subject }”.
        [one] One record of “{ $subject }” written.
       *[other] { $count } records of “{ $subject }” written.
    }
state-imported = Brought into the database: { $keys ->
        [0] no key
        [one] one key
       *[other] { $keys } keys
    } and { $users ->
        [0] no user
        [one] one user
       *[other] { $users } users
    } that were not there. Records are brought by themselves; changes of records that still wait: { $waiting }.
records-erased = { $count ->
        [0] No record was erased.
        [one] One record erased.
       *[other] { $count } records erased.
    }

progress-files = {"{"}bar:30{"}"} {"{"}pos{"}"}/{"{"}len{"}"} files · {"{"}per_sec{"}"} · {"{"}eta{"}"} left
ingest-skipped = skipped
ingest-fault = { $path }: { $reason }
ingest-nothing = no file
ingest-added = { $count } added
ingest-replaced = { $count } replaced
ingest-unchanged = { $count } unchanged
ingest-removed = { $count } removed
ingest-failed = { $count } skipped
documents-removed = { $count ->
        [one] One document removed.
       *[other] { $count } documents removed.
    }
documents-none = No document that you may read.
tasks-none = No task.
collections-none = No collection.

answer-abstained = I found nothing in the documents you may read that answers this question.
answer-sources = Sources
answer-characters = characters { $start } to { $end }
answer-masked = Values replaced by pseudonyms on the way: { $count }.
answer-seam = Broken off at “{ $from }”, continued at “{ $to }”.
answer-made = Answered by “{ $target }”, label { $label }, ledger entry { $entry }.
answer-no-documents = No document has been read yet: begin with “trousseau ingest FOLDER”.
search-nothing = No passage speaks of this in the documents you may read.
search-hit = { $path } · characters { $start } to { $end } · score { $score }

class-public = open to all
class-internal = within the organisation
class-personal = personal data
class-sensitive = sensitive data or protected secret
class-restricted = never leaves your premises
label-told = { $label } ({ $class })
decision-label = Label: { $label }
decision-permitted = { $target }: permitted
decision-masked = Masked, it would be { $label }:
decision-rejected = { $target }: rejected

decision-origin = { $label }: { $origin }

column-task = task
column-state = state
column-outcome = outcome
column-collection = collection
column-path = file
column-documents = documents
column-document = document
column-label = label
column-title = title
column-readers = readers
column-entry = entry
column-time = time
column-type = type
column-detail = detail
column-provider = provider
column-seat = seat
column-inference = runs in
column-us-law = US law
column-chinese-law = Chinese law
column-until = valid until
column-upstreams = upstreams
column-field = field
column-value = value
column-source = source
column-date = date
column-confidence = confidence
state-enqueued = waiting
state-processing = in progress
state-committed = to be recorded
state-succeeded = done
state-failed = failed
outcome-added = added
outcome-replaced = replaced
outcome-unchanged = unchanged
outcome-removed = removed

ledger-sound = { $directory }: { $entries ->
        [one] { $entries } entry recomputed
       *[other] { $entries } entries recomputed
    }, checkpoint signed by { $key }, no finding.
ledger-uncovered = { $count ->
        [one] One entry follows the last checkpoint; the next will cover it.
       *[other] { $count } entries follow the last checkpoint; the next will cover them.
    }
ledger-rollback-unchecked = A rollback could not be looked for: give a checkpoint or a proof that you hold with --against.
ledger-rollback-checked = Compared with { $count ->
        [one] the proof that you hold
       *[other] { $count } proofs that you hold
    }: no rollback.
ledger-own-key = The key is the folder's own: give the one that you hold with --vkey to be sure of its origin.
ledger-written = Proof written to { $file }.
entry-decision = route “{ $route }”, label { $label }
entry-masked = entry { $decision } masked: { $text }
entry-continues = rest of entry { $decision }: { $text }
entry-seam = { $text }; broken off at “{ $from }”, continued at “{ $to }”
entry-outcome = entry { $decision }: { $state ->
        [answered] answered
        [abstained] no answer in the documents
        [refused] refused
        [failed] failed
        [interrupted] interrupted
       *[other] { $state }
    }
entry-document = document { $operation ->
        [added] added
        [replaced] replaced
        [removed] removed
       *[other] { $operation }
    }
entry-account = { $operation ->
        [key-created] key made
        [key-revoked] key revoked
        [user-created] user made
        [user-changed] user changed
        [user-disabled] user disabled
        [user-enabled] user enabled
        [link-created] one-time link made
        [password-set] password chosen
        [password-changed] password changed
        [user-provisioned] user provisioned
        [user-reprovisioned] provisioned user changed
        [user-unprovisioned] provisioned user taken back
        [group-provisioned] group provisioned
        [group-changed] provisioned group changed
        [group-unprovisioned] provisioned group taken back
       *[other] { $operation }
    }, role { $role }
entry-failed-sign-ins = { $times ->
        [one] one sign-in failed
       *[other] { $times } sign-ins failed
    }{ $known ->
        [yes] {""}
       *[no] , of no account
    } ({ $reasons })
entry-requests-refused = { $times ->
        [one] one request refused
       *[other] { $times } requests refused
    } by a limit ({ $reasons })
entry-access = record { $record } read by an officer
entry-erasure = { $records ->
        [one] one record erased
       *[other] { $records } records erased
    } ({ $cause ->
        [retention] past its time
        [subject] wanted by the person
        [owner] deleted by its owner
       *[other] { $cause }
    })
entry-export = { $records ->
        [one] one record given out
       *[other] { $records } records given out
    }
entry-restored = from the backup of { $backup }
entry-collection = { $documents ->
        [one] access list changed, one document
       *[other] access list changed, { $documents } documents
    }
entry-gap = the end of the batch before may be missing
entry-kind = { $kind }

demo-collection = Collection “{ $collection }”, label { $label }:
demo-asks = asked by “{ $user }”
demo-proof-verified = Proof verified with nothing but the public key { $key }
demo-proof-refused = Proof refused: { $fault }
demo-next = Your turn: “trousseau ingest FOLDER”, then “trousseau ask "Your question?"”.
    “trousseau demo --keep FOLDER” keeps these data to explore them.
demo-next-kept = Your turn:
    {"  "}trousseau ask --data { $data } "Your question?"
    {"  "}trousseau ledger verify --data { $data }
    {"  "}trousseau policy explain --data { $data } "My IBAN is FR76 3000 6000 0112 3456 7890 189"

doctor-config = Configuration { $file }: no fault.
doctor-secret = { $upstream }: { $url }, and its key can be read.
doctor-no-secret = { $upstream }: { $url }, without a key.
doctor-secret-unreadable = { $upstream }: its key cannot be used. { $reason }
doctor-state = Database { $database }: it answers, and its tables are this program’s.
doctor-directory = Directory { $server }: it answers, lets this service look, and has the entries that are named.
doctor-server = A server (process { $process }) has the data folder.
doctor-missing-wall = The processes that read documents miss a wall: { $wall }
doctor-in-memory = { $file } cannot be used: the service goes on with what it has in memory. { $reason }
doctor-unpublished = The ledger of “{ $tenant }” cannot publish its checkpoints: { $reason }
doctor-empty = { $data }: empty so far; begin with “trousseau ingest FOLDER”.
doctor-documents = { $data }: { $count ->
        [one] { $count } document
        [account] account
        [access] access
        [erasure] erasure
        [export] export
        [restored] restored
       *[other] { $count } documents
    }.
doctor-failed = { $count ->
        [one] { $count } failed task
       *[other] { $count } failed tasks
    }: “trousseau tasks --state failed” says why.
doctor-waiting = { $count ->
        [one] { $count } waiting task
       *[other] { $count } waiting tasks
    }: “trousseau ingest” takes them up again.
doctor-open-to-others = Other accounts of this machine may enter { $data }: “chmod o= { $data }” forbids it.
doctor-ledger = { $directory }: the ledger is sound, { $entries ->
        [one] { $entries } entry
       *[other] { $entries } entries
    }.
doctor-ledger-unsound = The ledger { $directory } is not sound: “trousseau ledger verify” says what was changed.

# The catalogue of providers

catalogue-yes = yes
catalogue-no = no
catalogue-list-note = ? is not known, and what is not known closes the door. “trousseau catalogue show ENTRY” gives every fact with its source.
catalogue-dates = Gone through on { $reviewed }; to be relied on until { $until }.
catalogue-models = Models with facts of their own: { $models }.
catalogue-attested = attested by you alone
catalogue-attested-written = Attested of { $upstream }, and written into { $file }; the ledger tells of it.
catalogue-attested-unwritten = Nothing was changed: { $file } cannot be written from here. Add this below [[upstream]] { $upstream }, then “trousseau reload”:
catalogue-unsourced = { $upstream }: written without a source: { $fields }
catalogue-sound = { $count ->
        [one] The card of one upstream is in its time.
       *[other] The cards of { $count } upstreams are in their time.
    }
confidence-official = official
confidence-secondary = secondary
confidence-tested = tested

withdraw-what = { $kind ->
        [provider] provider
        [country] country
       *[upstream] upstream
    } { $name }
withdraw-made = Withdrawn: { $what } (withdrawal { $id }). Nothing goes there any more; the ledger says so.
withdraw-lifted = Lifted: { $what } (withdrawal { $id }).
withdraw-concerns = Upstreams concerned: { $upstreams }.
withdraw-concerns-nobody = No upstream that is configured is concerned: check the name.
withdraw-none = Nothing is withdrawn.
column-withdrawn = withdrawn
column-since = since
column-target = upstream
column-requests = requests
column-answered = of these answered
column-masked = of these masked
entry-withdrawal = { $what }, { $operation ->
        [withdrawn] withdrawn
        [lifted] lifted
       *[other] { $operation }
    }
drill-cut = Cut off for the drill: { $what }. Upstreams that it takes along: { $upstreams }.
drill-cut-nobody = { $what }: no upstream that is configured is concerned, check the name.
drill-verdict = { $verdict ->
        [lives] lives
        [partly] in part
        [dies] dies
        [shut] shut already
       *[other] { $verdict }
    }
drill-basis = { $basis ->
        [asked] recorded
       *[assumed] assumed
    }
drill-goes = { $from } → { $to } ({ $requests })
drill-nowhere = nowhere
drill-recovery = withdrawn: at once; unreachable: { $unreachable } s; silent: { $silent } s, until { $failures } failures{ $check ->
        [none] {""}
       *[other] {" "}or { $check } s (check)
    }
drill-recovery-note = A withdrawal holds from the next call on. A failure without one costs each request the wait that is named, until the breaker or the health check has the upstream left alone.
drill-class-lost = Route { $route }, class { $class }: { $lost } of { $requests } requests would have no answer.
drill-whom = { $users ->
        [one] one person
       *[other] { $users } people
    }, { $keys ->
        [one] one key
       *[other] { $keys } keys
    }, { $groups ->
        [one] one group
       *[other] { $groups } groups
    }, { $others ->
        [one] one other account
       *[other] { $others } other accounts
    }
drill-affected = Affected, by the requests that were recorded: { $whom }.
drill-without-answer = Without an answer: { $whom }.
drill-group = Group { $group }: { $requests } requests, { $moved } would go elsewhere, { $lost } nowhere.
drill-holding = The cut is made for { $seconds } s; it is lifted by itself, even if this command is killed.
drill-lifted = The cut is lifted.
drill-measured = Route { $route }: first answer from elsewhere, from { $target }, { $ms } ms after the cut.
drill-unmeasured = Route { $route }: no answer from elsewhere during the cut.
column-verdict = verdict
column-basis = requests taken
column-lost = lost
column-goes = go
column-recovery = recovery
column-route = route
entry-drill = { $operation ->
        [begun] cut begun
        [ended] cut ended
       *[other] { $operation }
    }
where-requests = { $count ->
        [0] No request of class { $class } or above.
        [one] One request of class { $class } or above. Upstreams that had it:
       *[other] { $count } requests of class { $class } or above. Upstreams that had them:
    }
where-nowhere = Went nowhere: { $count }.
where-open = Without a known outcome, so perhaps gone to any permitted upstream: { $count }.
where-scope = Scope: the ledger { $ledger }, { $entries } entries, verified; decisions from { $first } to { $last }; labels as they were
    decided. What did not pass through this service is not in it.
