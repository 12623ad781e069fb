package tenant

import (
	"net/http"

	"m2m/internal/tenant/fault"
)

// What tests of the endpoints call directly.

func (s *Server) Handler() http.Handler { return s.handler() }
func (s *Server) ClearFaults()          { s.clearFaults() }
func (s *Server) Faults() []fault.State { return s.faultsInForce() }
