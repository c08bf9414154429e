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
