# Why a file was not read. Whoever shows the message adds the file's name.

extract-empty = There is no text in the file.
    .hint = An empty file is skipped; delete it or fill it in.
extract-too-large = The file has { $bytes } bytes, more than the limit of { $limit }.
    .hint = Split it into several files.
extract-too-many-blocks = The file has more than { $limit } paragraphs, list items or table rows.
    .hint = Split it into several files.
extract-too-deep = Lists, tables or quotes are nested more than { $limit } levels deep.
    .hint = The file is probably damaged; open it and save it again.
extract-too-many-attributes = One of the file’s tags has more than { $limit } attributes.
    .hint = The file is probably damaged or hostile; the others are not affected.
extract-binary = The content is not text: { $found }.
    .hint = Check that the file's extension fits its content.
extract-unsupported = This format is not read yet: { $format }.
    .hint = Text (.txt), Markdown (.md) and HTML (.html) are read.
extract-bad-encoding = The encoding { $encoding } is not read.
    .hint = Save the file as UTF-8.
extract-worker-died = The reading process ended on this file ({ $reason }).
    .hint = The file is probably damaged or hostile; the others are not affected.
extract-timed-out = Reading took more than { $seconds } s and was stopped.
    .hint = The file is probably damaged or hostile; the others are not affected.
extract-worker-not-started = The reading process { $program } cannot be started: { $reason }.

# What was odd about a file that was read all the same.

extract-encoding-guessed = The file does not say its encoding; it was read as windows-1252 (latin-1).
    .hint = If accented letters are wrong, save the file as UTF-8.
extract-encoding-mismatch = The file announces an encoding that is not its own; this was corrected.
extract-encoding-damaged = Some bytes are not valid in the file's encoding; “�” stands in their place.
extract-control-characters = Control characters were replaced by spaces.
extract-hidden-text = Text hidden from the page's readers was left out.
