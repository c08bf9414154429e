# Les modèles.
model-not-permitted = L’appel à { $target } n’est pas couvert par son permis : c’est une faute du programme.
    .hint = Signalez-la ; rien n’a été envoyé.
model-unavailable = { $target } ne répond pas : { $reason }
model-refused = { $target } a refusé la demande : { $reason }
model-cut = La réponse de { $target } a été coupée.
