# Decisions, rules and detectors.

# Refusals

policy-denied = No upstream may see this text, labelled { $label } (purpose: { $purpose }).
    .hint = Reasons: { $reasons }. "trousseau doctor" says what would make each upstream eligible.
policy-no-target = No upstream is configured for a text labelled { $label } (purpose: { $purpose }).
    .hint = Add an [[upstream]] to the configuration.

# Faults of the configuration

policy-rule-nameless = [[policy.rule]] number { $number } has no name.
    .hint = Give it a name: refusals will cite it.
policy-rule-name-taken = The rule name "{ $name }" is already taken.
    .hint = The names of the classes, "banned", "clearance" and "withdrawn" are reserved.
policy-unknown-value = { $key } has the unknown value "{ $value }".
    .hint = Possible values: { $known }.
policy-unknown-upstream = { $key } names "{ $upstream }", but there is no such upstream.
    .hint = The names are those of the [[upstream]] tables.
policy-rule-effect = The rule "{ $name }" must have one effect and only one.
    .hint = Write deny = true, or allow = true, or require = [..] and require_card together or alone.
policy-rule-allow-rises = The rule "{ $name }" allows, and so may not have { $key }.
    .hint = A label that rises would let one more upstream in. Write up_to in place of class; a tag cannot open anything.
policy-rule-up-to = The rule "{ $name }" takes away, and so may not have up_to.
    .hint = A label that rises would let one more upstream in. Write class: this class and those above it.
policy-rule-time-zone = The rule "{ $name }" speaks of hours or days, and nobody said in which time zone.
    .hint = Write time_zone = "Europe/Paris", or another IANA name, in [policy].

policy-attestation-value = The attestation of { $field } has a value of the wrong type: { $value }.
    .hint = retention_days needs a number of days, the other fields true or false.
policy-attestation-evidence = The attestation of { $field } names no evidence.
    .hint = Name the contract, annex or letter that establishes it.
policy-not-a-date = "{ $value }" is not a date.
    .hint = Write YYYY-MM-DD, for example 2027-01-31.

# Reasons against an upstream

reason-banned = ruled out by the organisation ({ $found })
reason-withdrawn = withdrawn while the service runs ({ $found })
reason-country-unknown = a country is ruled out and the field { $field } is not known
reason-above-clearance = documents of class { $found }, above the clearance { $required }
reason-does-not-serve = this model is not made for that (wanted: { $required }; it serves: { $found })
reason-denied-by-rule = refused by a rule of the organisation
reason-field-unknown = { $field } unknown on its card (wanted: { $required })
reason-field-not-met = { $field } is { $found } (wanted: { $required })
reason-by-rule = rule { $rule }, line { $line }
reason-inference-region-unknown = place of inference unknown (required: EU or EEA)
reason-inference-outside-eea = inference outside the EU and the EEA ({ $found })
reason-processing-contract-unknown = processing contract (GDPR, art. 28) not attested
reason-no-processing-contract = no processing contract (GDPR, art. 28)
reason-training-unknown = not attested that the provider does not train on the data
reason-trains-on-data = the provider trains on the data
reason-seat-unknown = seat of the operator unknown
reason-operator-not-adequate = operator's seat outside the EU, the EEA and the adequate countries ({ $found })
reason-us-law-unknown = exposure to US law unknown
reason-under-us-law = exposed to US law ({ $found })
reason-chinese-law-unknown = exposure to Chinese law unknown
reason-under-chinese-law = exposed to Chinese law ({ $found })
reason-certificates-unknown = certificates unknown (required: { $required })
reason-certificate-missing = certificate { $required } missing
reason-certificate-not-covering = the certificate does not cover this service ({ $found })
reason-certificate-scope-unknown = scope of the certificate unknown ({ $found })
reason-certificate-expired = certificate expired ({ $found })
reason-certificate-end-unknown = end of the certificate unknown ({ $found })
reason-premises-unknown = whose premises it runs on is unknown (required: the organisation's own)
reason-not-own-premises = not on the organisation's own premises

# What would make an upstream eligible

remedy-establish = establish the fact and write it on the card ({ $field })
remedy-attest = attest it, with evidence and a last day ({ $field })
remedy-certify = obtain or renew the certificate { $required }
remedy-rules = change the organisation's rules ({ $rule })
remedy-lift = lift the withdrawal (trousseau withdraw list)
remedy-none = nothing: this fact is known and stands against it

# Rules

rule-public = public: any upstream that is not ruled out
rule-internal = internal: inference in the EU or the EEA, processing contract, no training on the data
rule-personal = personal: besides, operator established in the EU, the EEA or an adequate country, out of reach of US and Chinese law
rule-sensitive = sensitive: own premises, or besides a SecNumCloud 3.2 scope that covers the service
rule-sensitive-health = sensitive, health: outside own premises, HDS certification as well
rule-restricted = restricted: own premises only
rule-banned = what the organisation ruled out
rule-withdrawn = what was withdrawn while the service runs
rule-clearance = clearance of whoever asks

# Conditions

condition-not-banned = not ruled out by the organisation
condition-inference-in-eea = inference in the EU or the EEA
condition-processing-contract = processing contract (GDPR, art. 28)
condition-no-training = no training on the data
condition-operator-established = operator established in the EU, the EEA or an adequate country
condition-not-under-us-law = out of reach of US law
condition-not-under-chinese-law = out of reach of Chinese law
condition-secnumcloud = SecNumCloud 3.2 qualification that covers the service
condition-hds = HDS certification that covers the service
condition-own-premises = own premises

# Detectors

detector-email = e-mail address
detector-iban = IBAN
detector-nir = French social security number (NIR)
detector-api-key = API key
detector-private-key = private key
detector-company = French company number (SIREN, SIRET)
detector-vat = VAT number
detector-card = payment card
detector-national-id = national identification number
detector-document = passport or identity card
detector-phone = telephone number
detector-ip = internet address
detector-plate = number plate
detector-address = postal address
detector-name = name of a person
detector-health = health of a person
detector-password = password or secret
detector-own = detector of the organisation

# Faults of the organisation's detectors

policy-detector-name = [[policy.detector]] number { $number } has the name “{ $name }”
    .hint = give it a name of a-z, 0-9 and hyphens: name = "projects"
policy-detector-name-taken = the detector name “{ $name }” is already taken
    .hint = choose another; the program's own detectors have names too (email, iban, nir ...)
policy-detector-empty = the detector “{ $name }” has nothing to look for, or an empty word
    .hint = write words = ["..."] or pattern = '...'
policy-detector-pattern = the pattern of the detector “{ $name }” cannot be used: { $reason }
    .hint = it is a regular expression as in the crate regex, without look-around and references back
policy-detector-label = the detector “{ $name }” has the label “{ $label }”, which raises nothing
    .hint = write a class above public, with tags if you like: label = "restricted+project"
policy-detector-too-large = the detector “{ $name }” is too large; the limit is { $limit }
    .hint = at most 64 detectors, 10000 words each, 1024 bytes a word or pattern

# Origins of a label

origin-key = floor of the key { $name }
origin-header = header of the request
origin-route = floor of the route { $name }
origin-collection = collection { $name }
origin-detector = detector: { $name }
origin-history = earlier answer { $name }
origin-passage = passage of the document { $name }
