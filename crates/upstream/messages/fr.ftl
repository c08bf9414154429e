# La sortie vers le réseau.
egress-url = { $url } n’est pas l’adresse d’un serveur : http:// ou https:// et un nom d’hôte.
egress-password-in-url = L’adresse { $url } contient un mot de passe.
    .hint = Donnez l’utilisateur et le mot de passe hors de l’adresse, le mot de passe comme un secret.
egress-plain-through-proxy = { $url } n’est pas chiffrée, et le serveur mandataire lirait tout ce qui est envoyé.
    .hint = Utilisez https, ou ajoutez l’hôte à no_proxy dans [egress].
egress-exception = « { $entry } » dans no_proxy n’est ni un hôte, ni une adresse, ni un réseau comme 10.0.0.0/8.
egress-read = Un certificat ou une clé ne peut pas être lu : { $reason }
egress-pem = { $path } n’est pas utilisable : { $reason }
    .hint = Le fichier doit contenir un certificat ou une clé au format PEM, qui commence par « -----BEGIN ».
egress-client-certificate = Le certificat client { $path } n’est pas utilisable avec sa clé : { $reason }
egress-tls = TLS ne peut pas être mis en place : { $reason }
egress-client = Le client HTTP ne peut pas être mis en place : { $reason }
egress-random = Le système ne donne pas d’octets aléatoires : { $reason }
# Les secrets.
secret-read = Un secret ne peut pas être lu : { $reason }
secret-empty = Le secret { $place } est vide.
secret-unusable = Le secret { $place } contient des caractères qui ne peuvent pas être envoyés : un retour à la ligne, un caractère de contrôle ou un accent.
secret-too-long = Le secret { $place } est trop long : plus de { $limit } octets.
