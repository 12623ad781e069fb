package main

import (
	"errors"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

// errSettingsMissing says that settings without which no token can be had are
// not set. entra's own sentinels for a missing value are in the chain too.
var errSettingsMissing = errors.New("settings are missing")

// checkCredential says what is wrong with tenant, client, credential and scope
// before anything is sent, as explain does; nil if nothing is known to be. All
// that is missing is told at once. A secret in a file is not looked at.
func (s *settings) checkCredential() error {
	if err := s.missing(); err != nil {
		return err
	}
	if s.credential.kind != credentialManagedIdentity {
		if err := entra.CheckTenant(s.tenant.value); err != nil {
			return s.explain(settingTenant, err)
		}
		if err := entra.CheckClientID(s.client.value); err != nil {
			return s.explain(settingClient, err)
		}
	}
	if s.credential.kind == credentialSecret && s.credential.file == "" {
		if err := entra.CheckClientSecret(s.credential.secret); err != nil {
			return s.explain(settingSecret, err)
		}
	}
	return s.checkScope()
}

func (s *settings) checkScope() error {
	if err := entra.CheckScope(s.scope.value); err != nil {
		return s.explain(settingScope, err)
	}
	return nil
}

// missing names everything that is needed and not set.
func (s *settings) missing() error {
	var names []string
	var causes []error
	add := func(isMissing bool, name string, cause error) {
		if isMissing {
			names, causes = append(names, name), append(causes, cause)
		}
	}
	if s.credential.kind != credentialManagedIdentity {
		add(s.tenant.value == "", "TENANT_ID", entra.ErrTenantMissing)
		add(s.client.value == "", "CLIENT_ID", entra.ErrClientMissing)
		add(s.credential.kind == credentialNone, "CLIENT_SECRET (or another credential)", errCredentialMissing)
	}
	add(s.scope.value == "", "API_SCOPE", entra.ErrScopeMissing)
	if len(names) == 0 {
		return nil
	}
	return exit.Usagef("not set: %s", strings.Join(names, ", ")).
		Hint(
			"copy .env.example to .env and fill it in, set them in the environment, or give flags (m2m help environment)",
			"the IDs are in the Entra admin center, App registrations, your app, Overview",
			"without a tenant at hand: m2m serve --local -- m2m call /secure-data",
		).
		Wrap(errors.Join(append(causes, errSettingsMissing)...))
}

// errCredentialMissing says that no layer gives a credential.
var errCredentialMissing = errors.New("no credential is set")
