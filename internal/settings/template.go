package settings

import _ "embed"

// Template is a .env with placeholders to fill in and every variable explained:
// what "m2m init" writes, and .env.example of the repository.
//
//go:embed template.env
var Template string
