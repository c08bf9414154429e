# Questions and records.
gateway-empty-question = The question is empty.
    .hint = Write it in quotes: trousseau ask "Your question?"
gateway-long-question = The question is too long: more than { BYTES($limit) }.
    .hint = Shorten it, or raise max_question_bytes in [ask].
gateway-no-route = There is no route “{ $name }”.
    .hint = The routes of the configuration: { $known }
gateway-exhausted = No permitted destination answered: { $attempts } (entry { $entry })
    .hint = Try again later; the failure is recorded.
gateway-declined = { $target } refused the request: { $reason } (entry { $entry }).
gateway-broken = The answer of { $target } broke off: do not rely on it (entry { $entry }).
    .hint = Ask again; the failure is recorded.
gateway-hung-up = Whoever asked hung up (entry { $entry }).
gateway-no-entry = There is no entry { $entry }.
    .hint = “trousseau ledger show” lists the last ones.
gateway-random = The system gives no random bytes: { $reason }
gateway-entry = An entry of the ledger could not be written: { $reason }

# Accounts.
# The server.
gateway-no-conversation = There is no conversation { $id } of yours.
gateway-nothing-kept = No questions and answers are kept here, and so no conversations.
gateway-must-keep = Every question is kept here.
    .hint = Ask it without "keep", or have it opened in [records] incognito.
gateway-long-text = The text is too long: more than { BYTES($limit) }.
gateway-no-reason = Another person’s record is read for a reason: give it.
gateway-not-allowed = Your role ({ $role }) does not allow it.
    .hint = Contents of records are read by their owner, or by the data-protection officer with a reason.
gateway-unheard = Whoever wanted the export is gone.
# Backups.
backup-not-empty = { $path } is not empty.
    .hint = Name a folder that is empty or not there yet.
backup-incomplete = { $path } is not a backup, or one that was not finished.
    .hint = A whole backup has a file manifest.json.
backup-newer = { $path } was written by a newer version (format { $found }, this program knows { $known }).
    .hint = Restore it with the program that made it, or a newer one.
backup-malformed = { $path }: { $reason }
backup-damaged = { $path } is missing or damaged: its SHA-256 should be { $expected }.
    .hint = Nothing was restored from it. Take another backup.
backup-unfinished = A restore into { $path } has not ended.
    .hint = Run the same restore again, or empty the folder.
backup-file = { $reason }
    .hint = While a server runs, it is the server that reads and writes here: its user must be allowed to.

# Files and vector stores.
files-no-file = There is no file { $id }, or you may not see it.
files-no-store = There is no vector store { $id }, or you may not see it.
    .hint = GET /v1/vector_stores lists those you may see.
files-no-batch = There is no batch { $id } in this vector store.
files-not-yours = { $id } is not yours to change.
    .hint = Its owner changes it, or an administrator.
files-too-many = You keep { $limit } files already, as many as you may.
    .hint = Delete some that you no longer need.
files-clearance = This would be classed “{ $class }”, and you may read up to “{ $clearance }”: you could not read it yourself.
    .hint = Ask an administrator for a higher clearance, or for a collection of a lower class.
files-configured = The configuration says who may read { $id }.
    .hint = Change readers in [[collection]], or take the collection out of the file.
files-changing = { $id } was not deleted: others put files into it meanwhile.
    .hint = Try again.
