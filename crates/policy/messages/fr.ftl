# Décisions, règles et détecteurs.

# Refus

policy-denied = Aucun fournisseur ne peut voir ce texte, classé { $label } (usage : { $purpose }).
    .hint = Raisons : { $reasons }. La commande « trousseau doctor » dit ce qui rendrait chaque fournisseur éligible.
policy-no-target = Aucun fournisseur n’est configuré pour un texte classé { $label } (usage : { $purpose }).
    .hint = Ajoutez un [[upstream]] à la configuration.

# Fautes de configuration

policy-rule-nameless = La [[policy.rule]] numéro { $number } n’a pas de nom.
    .hint = Donnez-lui un nom : les refus le citeront.
policy-rule-name-taken = Le nom de règle « { $name } » est déjà pris.
    .hint = Les noms des classes, « banned » et « clearance » sont réservés.
policy-unknown-value = { $key } a la valeur inconnue « { $value } ».
    .hint = Valeurs possibles : { $known }.
policy-unknown-upstream = { $key } nomme « { $upstream } », mais il n’y a pas de tel fournisseur.
    .hint = Les noms sont ceux des tables [[upstream]].
policy-rule-effect = La règle « { $name } » doit avoir un effet et un seul.
    .hint = Écrivez deny = true, ou allow = true, ou require = [..] et require_card, ensemble ou l’un des deux.
policy-rule-allow-rises = La règle « { $name } » autorise : elle ne peut pas porter { $key }.
    .hint = Une étiquette qui monte ouvrirait un fournisseur de plus. Écrivez up_to à la place de class ; une marque n’ouvre rien.
policy-rule-up-to = La règle « { $name } » restreint : elle ne peut pas porter up_to.
    .hint = Une étiquette qui monte ouvrirait un fournisseur de plus. Écrivez class : cette classe et celles au-dessus.
policy-rule-time-zone = La règle « { $name } » parle d’heures ou de jours, sans que le fuseau horaire soit dit.
    .hint = Écrivez time_zone = "Europe/Paris", ou un autre nom de l’IANA, dans [policy].

policy-attestation-value = L’attestation de { $field } n’a pas une valeur du bon type : { $value }.
    .hint = retention_days attend un nombre de jours, les autres champs true ou false.
policy-attestation-evidence = L’attestation de { $field } ne cite aucune preuve.
    .hint = Nommez le contrat, l’annexe ou le courrier qui l’établit.
policy-not-a-date = « { $value } » n’est pas une date.
    .hint = Écrivez AAAA-MM-JJ, par exemple 2027-01-31.

# Raisons du rejet d’un fournisseur

reason-banned = exclu par l’organisation ({ $found })
reason-withdrawn = retiré pendant le service ({ $found })
reason-country-unknown = un pays est exclu et le champ { $field } n’est pas connu
reason-above-clearance = documents de classe { $found }, au-dessus de l’habilitation { $required }
reason-does-not-serve = ce modèle n’est pas fait pour cet usage (voulu : { $required } ; il sert à : { $found })
reason-denied-by-rule = refusé par une règle de l’organisation
reason-field-unknown = { $field } inconnu sur la fiche (voulu : { $required })
reason-field-not-met = { $field } vaut { $found } (voulu : { $required })
reason-by-rule = règle { $rule }, ligne { $line }
reason-inference-region-unknown = lieu d’inférence inconnu (exigé : UE ou EEE)
reason-inference-outside-eea = inférence hors de l’UE et de l’EEE ({ $found })
reason-processing-contract-unknown = contrat de sous-traitance (RGPD, art. 28) non attesté
reason-no-processing-contract = pas de contrat de sous-traitance (RGPD, art. 28)
reason-training-unknown = absence d’entraînement sur les données non attestée
reason-trains-on-data = le fournisseur entraîne ses modèles sur les données
reason-seat-unknown = siège de l’opérateur inconnu
reason-operator-not-adequate = siège de l’opérateur hors de l’UE, de l’EEE et des pays adéquats ({ $found })
reason-us-law-unknown = exposition au droit des États-Unis inconnue
reason-under-us-law = exposé au droit des États-Unis ({ $found })
reason-chinese-law-unknown = exposition au droit chinois inconnue
reason-under-chinese-law = exposé au droit chinois ({ $found })
reason-certificates-unknown = certificats inconnus (exigé : { $required })
reason-certificate-missing = certificat { $required } absent
reason-certificate-not-covering = le certificat ne couvre pas ce service ({ $found })
reason-certificate-scope-unknown = périmètre du certificat inconnu ({ $found })
reason-certificate-expired = certificat échu ({ $found })
reason-certificate-end-unknown = fin de validité du certificat inconnue ({ $found })
reason-premises-unknown = lieu d’exploitation inconnu (exigé : locaux de l’organisation)
reason-not-own-premises = hors des locaux de l’organisation

# Ce qui rendrait un fournisseur éligible

remedy-establish = établir le fait et l’inscrire sur la fiche ({ $field })
remedy-attest = l’attester, preuve et échéance à l’appui ({ $field })
remedy-certify = obtenir ou renouveler le certificat { $required }
remedy-rules = changer les règles de l’organisation ({ $rule })
remedy-lift = lever le retrait (trousseau withdraw list)
remedy-none = rien : ce fait est connu et s’y oppose

# Règles

rule-public = public : tout fournisseur qui n’est pas exclu
rule-internal = interne : inférence dans l’UE ou l’EEE, contrat de sous-traitance, pas d’entraînement sur les données
rule-personal = données personnelles : de plus, opérateur établi dans l’UE, l’EEE ou un pays adéquat, hors d’atteinte des droits américain et chinois
rule-sensitive = sensible : locaux de l’organisation, ou de plus un périmètre SecNumCloud 3.2 qui couvre le service
rule-sensitive-health = sensible, santé : hors des locaux de l’organisation, certification HDS en plus
rule-restricted = restreint : locaux de l’organisation seulement
rule-banned = exclusions décidées par l’organisation
rule-withdrawn = ce qui a été retiré pendant le service
rule-clearance = habilitation de la personne qui demande

# Conditions

condition-not-banned = n’est pas exclu par l’organisation
condition-inference-in-eea = inférence dans l’UE ou l’EEE
condition-processing-contract = contrat de sous-traitance (RGPD, art. 28)
condition-no-training = pas d’entraînement sur les données
condition-operator-established = opérateur établi dans l’UE, l’EEE ou un pays adéquat
condition-not-under-us-law = hors d’atteinte du droit des États-Unis
condition-not-under-chinese-law = hors d’atteinte du droit chinois
condition-secnumcloud = qualification SecNumCloud 3.2 qui couvre le service
condition-hds = certification HDS qui couvre le service
condition-own-premises = locaux de l’organisation

# Détecteurs

detector-email = adresse électronique
detector-iban = IBAN
detector-nir = numéro de sécurité sociale (NIR)
detector-api-key = clé d’API
detector-private-key = clé privée
detector-company = numéro d’entreprise (SIREN, SIRET)
detector-vat = numéro de TVA
detector-card = carte bancaire
detector-national-id = numéro national d’identification
detector-document = passeport ou carte d’identité
detector-phone = numéro de téléphone
detector-ip = adresse IP
detector-plate = plaque d’immatriculation
detector-address = adresse postale
detector-name = nom de personne
detector-health = santé d’une personne
detector-password = mot de passe ou secret
detector-own = détecteur de l’organisation

# Défauts des détecteurs de l’organisation

policy-detector-name = le [[policy.detector]] numéro { $number } porte le nom « { $name } »
    .hint = donnez-lui un nom en a-z, 0-9 et traits d’union : name = "projets"
policy-detector-name-taken = le nom de détecteur « { $name } » est déjà pris
    .hint = choisissez-en un autre ; les détecteurs du programme ont aussi des noms (email, iban, nir...)
policy-detector-empty = le détecteur « { $name } » n’a rien à chercher, ou un mot vide
    .hint = écrivez words = ["..."] ou pattern = '...'
policy-detector-pattern = le motif du détecteur « { $name } » est inutilisable : { $reason }
    .hint = c’est une expression régulière de la bibliothèque regex, sans assertion avant ou arrière ni référence arrière
policy-detector-label = le détecteur « { $name } » a le niveau « { $label } », qui ne relève rien
    .hint = écrivez une classe au-dessus de public, avec des étiquettes au besoin : label = "restricted+projet"
policy-detector-too-large = le détecteur « { $name } » est trop grand ; la limite est { $limit }
    .hint = au plus 64 détecteurs, 10000 mots chacun, 1024 octets par mot ou motif

# Origines d’un niveau de protection

origin-key = plancher de la clé { $name }
origin-header = en-tête de la requête
origin-route = plancher de la route { $name }
origin-collection = collection { $name }
origin-detector = détecteur : { $name }
origin-history = réponse antérieure { $name }
origin-passage = passage du document { $name }
