package verify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"sync"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
)

// DefaultCacheBytes holds more than 10,000 tokens of 1.5 kB.
const DefaultCacheBytes = 32 << 20

// cacheAge is how long a result is used without checking the signature again, so
// that whatever else changes is noticed.
const cacheAge = 5 * time.Minute

type digest [sha256.Size]byte

// entry is one valid token, without its text.
type entry struct {
	token  *jwt.Token
	key    *jwks.Key
	stored time.Time
}

// cache remembers which tokens were valid. It is keyed by an HMAC under a
// key of its own, so that neither a token nor anything that helps to guess one
// stays in memory, and an outsider cannot make two tokens collide. Only
// valid tokens enter: without a signing key one cannot push others out.
//
// It has several shards, because requests queue at a single lock as soon as one of
// them is paused while it holds it, and each keeps its buffers and stack meanwhile.
type cache struct {
	macs   sync.Pool
	shards []shard
}

// shardBytes is the least that a shard holds, many times the largest token, and
// maxShards how many there are at most.
const (
	shardBytes = 512 << 10
	maxShards  = 64
)

// shard is a part of the results. When it is full, whichever the map yields first
// go: Go begins each walk of a map at random, so that no order of requests empties
// it, as asking for one token more than fits would empty a list of the last used.
// A walk and a map are all it takes, and every byte is used.
type shard struct {
	limit int // bytes

	mu      sync.RWMutex
	entries map[digest]entry
	size    int // bytes
}

func newCache(bytes int) *cache {
	var key [sha256.Size]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the program instead
	c := &cache{shards: make([]shard, min(max(bytes/shardBytes, 1), maxShards))}
	for i := range c.shards {
		c.shards[i].limit, c.shards[i].entries = bytes/len(c.shards), map[digest]entry{}
	}
	c.macs.New = func() any { return &mac{hash: hmac.New(sha256.New, key[:])} }
	return c
}

// mac is one reusable HMAC with room for a token, so that a look-up allocates
// nothing.
type mac struct {
	hash hash.Hash
	text []byte
	sum  digest
}

func (c *cache) digest(token string) digest {
	m := c.macs.Get().(*mac)
	defer c.macs.Put(m)
	if len(token) > jwt.MaxSize {
		token = token[:jwt.MaxSize+1] // no token of this length is ever stored
	}
	m.text = append(m.text[:0], token...)
	m.hash.Reset()
	m.hash.Write(m.text)
	m.hash.Sum(m.sum[:0])
	clear(m.text)
	return m.sum
}

func (c *cache) shard(id digest) *shard { return &c.shards[int(id[0])%len(c.shards)] }

func (c *cache) get(id digest, now time.Time) (entry, bool) {
	s := c.shard(id)
	s.mu.RLock()
	e, found := s.entries[id]
	s.mu.RUnlock()
	age := now.Sub(e.stored)
	if !found || age < 0 || age > cacheAge {
		return entry{}, false
	}
	return e, true
}

func (c *cache) put(id digest, e entry) {
	s, size := c.shard(id), e.size()
	if size > s.limit {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, known := s.entries[id]; known {
		s.size -= before.size()
		delete(s.entries, id)
	}
	for other, o := range s.entries {
		if s.size+size <= s.limit {
			break
		}
		s.size -= o.size()
		delete(s.entries, other)
	}
	s.entries[id] = e
	s.size += size
}

// contents returns how many entries there are, and their bytes.
func (c *cache) contents() (entries, bytes int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		entries, bytes = entries+len(s.entries), bytes+s.size
		s.mu.RUnlock()
	}
	return entries, bytes
}

// size estimates what an entry holds: a token's struct and a slot of the map, its
// header and claims, and its lists. It is an upper bound: tokens share a header.
func (e entry) size() int {
	return 1024 + e.token.Header.Size() + e.token.Claims.Size() + 16*(cap(e.token.Roles)+cap(e.token.Scopes))
}

// fromCache answers with a remembered token, whose key is still trusted. Lifetime,
// client and permission are decided at every call.
func (v *Verifier) fromCache(e entry, now time.Time) (*jwt.Token, error) {
	h := v.pool.Get().(*evaluation)
	*h = v.evaluation(h.reader, now)
	h.Token = e.token
	err := h.decide(v.perCall)
	v.release(h)
	if err != nil {
		return nil, err
	}
	return e.token, nil
}

// CacheState describes the cache of a Verifier for its operator; it is zero without
// one.
type CacheState struct {
	Hits    uint64 // tokens that were remembered
	Misses  uint64 // tokens that were not, invalid ones included
	Entries int    // tokens remembered now
	Bytes   int    // what they are estimated to take
}

// CacheState returns the state of the cache.
func (v *Verifier) CacheState() CacheState {
	state := CacheState{Hits: v.hits.Load(), Misses: v.misses.Load()}
	if v.cache != nil {
		state.Entries, state.Bytes = v.cache.contents()
	}
	return state
}
