package verify

// DefaultCacheBytes holds more than 10,000 tokens of usual size.
const DefaultCacheBytes = 32 << 20
