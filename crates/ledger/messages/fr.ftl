# Le registre.
