# The lexical index
lexical-folder = The index folder { $folder } can be neither made nor read: { $cause }
    .hint = Check that the data folder exists and that you may write to it.
lexical-engine = The index { $folder } could not be read or updated: { $cause }
    .hint = Check the space left on the disk; the documents themselves are not touched.
lexical-damaged = The index { $folder } is damaged.
    .hint = Restart: it will be rebuilt from the documents.

# The stores of documents and records
store-sql = { $path }: { $reason }
store-full = There is no space left to write { $path }.
    .hint = Free some space and run the command again: nothing that was confirmed is lost.
store-disk = The disk failed on { $path }: { $reason }
    .hint = Check the disk, the space left and the size a file may have; nothing that was confirmed is lost.
store-damaged = { $path } is damaged: { $reason }
    .hint = Restore the file from a backup; delete nothing before.
store-newer = { $path } is in format { $found }; this program only knows format { $known }.
    .hint = Use the version of the program that wrote it, or a newer one.
store-older = { $path } is still in format { $found }; this program reads format { $known }.
    .hint = Any command that writes, such as “trousseau search”, brings the file up to date.
store-away = The database { $database } does not answer: { $reason }
    .hint = Keys and sessions that are known already go on; the rest resumes when the database answers.
store-rejected = The database { $database } refuses the connection: { $reason }
    .hint = Check the address, the password, tls and ca_file in [state], and the user’s rights on the database.
store-replica-twice = A replica with the name { $replica } is already in the database { $database }.
    .hint = Give each data folder a name of its own (replica, in [ledger]). The name of a folder that is gone is not given again. If this replica has just stopped, try again in a few seconds.
store-records-clash = The records cannot be shared over { $database }: { $record } is another record here than there.
    .hint = Two installations that had a history under one name cannot be joined. Keep one of them, and let the other begin with an empty data folder under a new name.
store-file = { $reason }
store-no-document = There is no document { $id }, or you may not read it.
    .hint = “trousseau documents” lists those you may read.
store-no-file = There is no file { $id }, or you may not read it.
store-no-collection = There is no collection “{ $name }”.
    .hint = “trousseau collections” lists them.
store-died = An internal step died: { $reason }

# The files to read
source-not-found = not found
    .hint = The file may have been moved since last time.
source-denied = permission denied
    .hint = Give yourself the right to read it, or run the command under an account that has it.
source-loop = this link leads back to a folder above it
source-too-large = larger than the limit of { BYTES($limit) }
    .hint = Split the file, or raise max_file_bytes in [ingest].
source-not-a-file = neither a file nor a folder
source-read = { $reason }
