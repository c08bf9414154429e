# L’approvisionnement des comptes (SCIM).
scim-not-configured = L’approvisionnement des comptes n’est pas configuré.
    .hint = La table [provisioning] de la configuration le permet.
scim-syntax = Le corps de la requête ne peut pas être lu : { $reason }
scim-filter = Le filtre « { $text } » ne peut pas être lu : { $reason }
scim-path = Le chemin « { $text } » ne peut pas être lu.
scim-value = L’attribut { $attribute } ne peut pas avoir cette valeur.
scim-fixed = L’attribut { $attribute } ne peut pas être changé.
scim-no-target = La modification ne désigne rien qui existe.
scim-too-many = Trop d’éléments à la fois ({ $what }) : { $limit } au plus.
scim-taken = Il existe déjà « { $name } ».
scim-unknown = Il n’existe pas de ressource « { $id } ».
scim-changed = La ressource a changé entre-temps.
    .hint = Relisez-la, puis recommencez.
