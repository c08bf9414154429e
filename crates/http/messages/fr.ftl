# Le service par HTTP.
http-listen = Impossible d'écouter sur { $address } : { $reason }
http-workers = Impossible de démarrer les fils d'exécution qui servent les connexions : { $reason }
http-tls-read = Le certificat ou sa clé ne peut pas être lu : { $reason }
http-tls-pem = { $path } ne peut pas servir à TLS : { $reason }
http-logo-read = Le logo ne peut pas être lu : { $path } : { $reason }
http-logo-too-large = Le logo { $path } dépasse { $limit } octets.
http-logo-kind = Le logo { $path } n’est pas une image qui puisse être affichée : { $known }.
http-tls-key = La clé { $path } ne peut pas servir à TLS : { $reason }
