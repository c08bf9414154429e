# What a request to the HTTP API or an answer of a server says wrongly. Fields: see Fault::fields.
wire-not-json = The request is not JSON: { $reason }
wire-too-deep = The request nests values more than { $limit } levels deep.
wire-too-many = The request has too many { $param }: the limit is { $limit }.
wire-missing = The request lacks “{ $param }”.
wire-invalid = “{ $param }” cannot be used: { $reason }
wire-unsupported = “{ $param }” is not supported.
    .hint = Leave it out. What this program cannot honour it refuses rather than ignores.
wire-runs-elsewhere = “{ $param }”: the tool { $tool } would run at a provider, beyond what was decided.
    .hint = Only tools that you run yourself ("function") are taken. To search documents, ask a route that has some.
wire-long-event = The server sent an event of more than { $limit } bytes.
wire-malformed = The server’s answer cannot be read: { $reason }
wire-reported = The server reports an error: { $reason }
