package issuer

import (
	"sync/atomic"
	"time"
)

// clock is a tenant's clock: another one, and how far it is ahead of that.
type clock struct {
	base  func() time.Time
	ahead atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time          { return c.base().Add(c.offset()) }
func (c *clock) offset() time.Duration   { return time.Duration(c.ahead.Load()) }
func (c *clock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }
