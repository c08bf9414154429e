# The lexical index
lexical-folder = The index folder { $folder } can be neither made nor read: { $cause }
    .hint = Check that the data folder exists and that you may write to it.
lexical-engine = The index { $folder } could not be read or updated: { $cause }
    .hint = Check the space left on the disk; the documents themselves are not touched.
lexical-damaged = The index { $folder } is damaged.
    .hint = Restart: it will be rebuilt from the documents.
