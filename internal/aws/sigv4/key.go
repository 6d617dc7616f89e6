package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
)

// maxKeys bounds the cache against requests with ever new scopes.
const maxKeys = 1024

// keyCache keeps signing keys: deriving one takes four HMACs, and a client's
// is the same for a whole day.
type keyCache struct {
	mu   sync.Mutex
	keys map[keyName]derivedKey
}

type keyName struct {
	accessKeyID string // empty for keys of no known credential
	scope       Scope
}

type derivedKey struct {
	secret string // the one it was derived from; a changed one derives anew
	key    []byte
}

func (c *keyCache) derive(accessKeyID, secret string, s Scope) []byte {
	name := keyName{accessKeyID, s}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.keys[name]; ok && k.secret == secret {
		return k.key
	}
	if c.keys == nil || len(c.keys) >= maxKeys {
		c.keys = map[keyName]derivedKey{}
	}
	key := deriveKey(secret, s)
	c.keys[name] = derivedKey{secret, key}
	return key
}

func deriveKey(secret string, s Scope) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{s.Date, s.Region, s.Service, terminator} {
		key = sign(key, []byte(part))
	}
	return key
}

func sign(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}
