# Models.
model-not-permitted = The call to { $target } is not covered by its permit: a fault of the program.
    .hint = Please report it; nothing was sent.
model-unavailable = { $target } does not answer: { $reason }
model-refused = { $target } refused the request: { $reason }
model-cut = The answer of { $target } was cut.
