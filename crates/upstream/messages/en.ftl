# The way out.
egress-url = { $url } is not an address of a server: http:// or https:// and a host.
egress-password-in-url = The address { $url } holds a password.
    .hint = Give user and password apart from the address, the password as a secret.
egress-plain-through-proxy = { $url } is not encrypted, and the proxy would read everything that is sent.
    .hint = Use https, or add the host to no_proxy in [egress].
egress-exception = “{ $entry }” in no_proxy is not a host, an address or a network such as 10.0.0.0/8.
egress-read = A certificate or key cannot be read: { $reason }
egress-pem = { $path } cannot be used: { $reason }
    .hint = The file must hold a certificate or key in PEM, beginning with “-----BEGIN”.
egress-client-certificate = The client certificate { $path } cannot be used with its key: { $reason }
egress-tls = TLS cannot be set up: { $reason }
egress-client = The HTTP client cannot be set up: { $reason }
egress-random = The system gives no random bytes: { $reason }
# Secrets.
secret-read = A secret cannot be read: { $reason }
secret-empty = The secret { $place } is empty.
secret-unusable = The secret { $place } holds characters that cannot be sent: a line break, a control character or an accent.
secret-too-long = The secret { $place } is too long: more than { $limit } bytes.
