# The service over HTTP.
http-listen = { $address } cannot be listened on: { $reason }
http-workers = No threads to attend to connections could be started: { $reason }
http-tls-read = The certificate or its key cannot be read: { $reason }
http-tls-pem = { $path } cannot be used for TLS: { $reason }
http-logo-read = The logo cannot be read: { $path }: { $reason }
http-logo-too-large = The logo { $path } is larger than { $limit } bytes.
http-logo-kind = The logo { $path } is not a picture that can be shown: { $known }.
http-tls-key = The key { $path } cannot be used for TLS: { $reason }
