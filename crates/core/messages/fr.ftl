# Les modèles.
model-not-permitted = L’appel à { $target } n’est pas couvert par son permis : c’est une faute du programme.
    .hint = Signalez-la ; rien n’a été envoyé.
model-unavailable = { $target } ne répond pas : { $reason }
model-loading = { $target } charge encore son modèle en mémoire.
    .hint = Posez la question de nouveau dans une minute.
model-timed-out = { $target } a mis plus de { $limit } ms ({ $phase }).
    .hint = Relevez la limite de ce fournisseur, ou demandez plus tard.
model-rate-limited = { $target } reçoit trop de demandes en ce moment.
model-misconfigured = { $target } n’accepte pas ce programme ({ $status }) : { $reason }
    .hint = Vérifiez la clé, l’URL et le nom du modèle de ce fournisseur.
model-unsupported = { $target } ne sait pas faire ceci : { $what }
model-malformed = La réponse de { $target } est illisible : { $reason }
    .hint = Vérifiez que l’URL est celle d’une API compatible avec OpenAI, avec son /v1.
model-refused = { $target } a refusé la demande : { $reason }
model-cut = La réponse de { $target } a été coupée.
model-withdrawn = { $target } a été retiré pendant le service.
    .hint = « trousseau withdraw list » dit par qui, et jusqu’à quand.
