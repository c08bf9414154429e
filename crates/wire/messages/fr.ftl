# Ce qui ne va pas dans une requête à l’API HTTP ou dans la réponse d’un serveur. Champs : voir Fault::fields.
wire-not-json = La requête n’est pas du JSON : { $reason }
wire-too-deep = La requête imbrique des valeurs sur plus de { $limit } niveaux.
wire-too-many = La requête contient trop d’éléments dans { $param } : la limite est de { $limit }.
wire-missing = Il manque « { $param } » dans la requête.
wire-invalid = « { $param } » ne peut pas être utilisé : { $reason }
wire-unsupported = « { $param } » n’est pas pris en charge.
    .hint = Retirez-le. Ce que ce programme ne sait pas honorer, il le refuse au lieu de l’ignorer.
wire-runs-elsewhere = « { $param } » : l’outil { $tool } s’exécuterait chez un fournisseur, au-delà de ce qui a été décidé.
    .hint = Seuls les outils que vous exécutez vous-même (« function ») sont acceptés. Pour chercher dans des documents, demandez à une route qui en a.
wire-long-event = Le serveur a envoyé un évènement de plus de { $limit } octets.
wire-malformed = La réponse du serveur est illisible : { $reason }
wire-reported = Le serveur signale une erreur : { $reason }
