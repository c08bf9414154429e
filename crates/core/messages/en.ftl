# Models.
model-not-permitted = The call to { $target } is not covered by its permit: a fault of the program.
    .hint = Please report it; nothing was sent.
model-unavailable = { $target } does not answer: { $reason }
model-loading = { $target } is still loading its model.
    .hint = Ask again in a minute.
model-timed-out = { $target } took longer than { $limit } ms ({ $phase }).
    .hint = Raise the limit of this upstream, or ask later.
model-rate-limited = { $target } answers too many requests at the moment.
model-misconfigured = { $target } does not accept this program ({ $status }): { $reason }
    .hint = Check the key, the URL and the model’s name of this upstream.
model-unsupported = { $target } cannot do this: { $what }
model-malformed = The answer of { $target } cannot be read: { $reason }
    .hint = Check that the URL is that of an OpenAI-compatible API, with its /v1.
model-refused = { $target } refused the request: { $reason }
model-cut = The answer of { $target } was cut.
model-withdrawn = { $target } was withdrawn while the service runs.
    .hint = "trousseau withdraw list" says by whom, and until when.
