// Package initcmd is m2m init: a .env to fill in, and the az commands that register
// an API and a client for it in Microsoft Entra ID.
package initcmd
