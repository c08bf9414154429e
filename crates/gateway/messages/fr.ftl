# Les questions et les enregistrements.
gateway-empty-question = La question est vide.
    .hint = Écrivez-la entre guillemets : trousseau ask "Votre question ?"
gateway-long-question = La question est trop longue : plus de { BYTES($limit) }.
    .hint = Raccourcissez-la, ou relevez max_question_bytes dans [ask].
gateway-no-route = Il n’y a pas de route « { $name } ».
    .hint = Les routes de la configuration : { $known }
gateway-exhausted = Aucune destination permise n’a répondu : { $attempts } (entrée { $entry })
    .hint = Réessayez plus tard ; l’échec est enregistré.
gateway-declined = { $target } dit que la demande est fausse (entrée { $entry }).
gateway-broken = La réponse de { $target } s’est interrompue : ne la retenez pas (entrée { $entry }).
    .hint = Demandez à nouveau ; l’échec est consigné.
gateway-hung-up = La personne qui demandait a raccroché (entrée { $entry }).
gateway-no-entry = Il n’y a pas d’entrée { $entry }.
    .hint = « trousseau ledger show » liste les dernières.
gateway-random = Le système ne donne pas d’octets aléatoires : { $reason }
gateway-entry = Une entrée du registre n’a pas pu être écrite : { $reason }

# Comptes.
account-unknown-key = Cette clé d’API n’est pas connue.
    .hint = Vérifiez qu’elle a été copiée en entier et qu’elle n’a pas été révoquée.
account-expired-key = Cette clé d’API a expiré le { $expired }.
    .hint = Demandez-en une nouvelle à un administrateur.
account-name = « { $name } » ne peut pas être le nom d’un compte.
    .hint = De 1 à 64 caractères parmi a-z, A-Z, 0-9, « . », « _ », « @ », « + » et « - », en commençant par une lettre ou un chiffre ; « operator » et « oidc-… » sont réservés au programme.
account-taken = Il existe déjà un compte « { $name } ».
    .hint = Choisissez un autre nom, ou révoquez d’abord la clé de ce nom.
account-passed = { $expires } est déjà passé.
account-none = Il n’existe pas de compte « { $name } ».
