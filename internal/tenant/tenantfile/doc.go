// Package tenantfile reads tenant files: the YAML in which people describe the
// tenants, APIs and clients of their local tenant. It accepts no key that it does
// not know, and reports everything that is wrong at once, with line and column.
//
// The file of the built-in tenant, which explains every key, and the schema for
// editors are part of the package; a test compares both with the reader.
package tenantfile
