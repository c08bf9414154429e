# L’index lexical
lexical-folder = Le dossier de l’index { $folder } ne peut être ni créé ni lu : { $cause }
    .hint = Vérifiez que le dossier de données existe et que vous pouvez y écrire.
lexical-engine = L’index { $folder } n’a pas pu être lu ou mis à jour : { $cause }
    .hint = Vérifiez la place restante sur le disque ; les documents eux-mêmes ne sont pas touchés.
lexical-damaged = L’index { $folder } est endommagé.
    .hint = Redémarrez : il sera reconstruit à partir des documents.
