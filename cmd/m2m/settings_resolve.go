package main

import "errors"

// resolveSettings resolves every setting of a command. Its errors are
// usageErrors.
func resolveSettings(in settingsInput) (*settings, error) { return nil, errors.New("not written yet") }

// resolvePlaces resolves the folders alone, for commands that look for the
// local tenant before they know its settings.
func resolvePlaces(in settingsInput) (places, error) { return places{}, errors.New("not written yet") }

// explain turns what is wrong with the value of one setting, found by a Check
// function of entra or of token, into a usageError that names the setting as
// its user wrote it, where it came from, and where the right value is found.
// Errors it knows nothing of are returned as they are.
func (s *settings) explain(which setting, err error) error { return err }

// checkCredential says what is wrong with tenant, client, scope and credential
// before anything is sent, as explain does; nil if nothing is known to be.
func (s *settings) checkCredential() error { return nil }
