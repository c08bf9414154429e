# Provisioning of accounts (SCIM).
scim-not-configured = Provisioning of accounts is not configured.
    .hint = The table [provisioning] of the configuration allows it.
scim-syntax = The body of the request cannot be read: { $reason }
scim-filter = The filter “{ $text }” cannot be read: { $reason }
scim-path = The path “{ $text }” cannot be read.
scim-value = The attribute { $attribute } cannot have this value.
scim-fixed = The attribute { $attribute } cannot be changed.
scim-no-target = The patch names nothing that is there.
scim-too-many = Too much at once ({ $what }): { $limit } at most.
scim-taken = There is already “{ $name }”.
scim-unknown = There is no resource “{ $id }”.
scim-changed = The resource changed meanwhile.
    .hint = Read it again, then try again.
