package runner

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"time"
)

// keyFile is .credentials_rsaparams: .NET's RSAParameters, each number in base64.
type keyFile struct {
	D        []byte `json:"d"`
	DP       []byte `json:"dp"`
	DQ       []byte `json:"dq"`
	Exponent []byte `json:"exponent"`
	InverseQ []byte `json:"inverseQ"`
	Modulus  []byte `json:"modulus"`
	P        []byte `json:"p"`
	Q        []byte `json:"q"`
}

// ensureKey returns the key on disk; an earlier configure that failed may have left one, and it is used again.
func (r root) ensureKey() (*rsa.PrivateKey, error) {
	if key, err := r.readKey(); err == nil {
		return key, nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return key, r.writeObject(".credentials_rsaparams", keyFile{
		D: key.D.Bytes(), P: key.Primes[0].Bytes(), Q: key.Primes[1].Bytes(),
		DP: key.Precomputed.Dp.Bytes(), DQ: key.Precomputed.Dq.Bytes(), InverseQ: key.Precomputed.Qinv.Bytes(),
		Modulus: key.N.Bytes(), Exponent: big.NewInt(int64(key.E)).Bytes(),
	}, 0o600)
}

func (r root) readKey() (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(r.path(".credentials_rsaparams"))
	if err != nil {
		return nil, err
	}
	var f keyFile
	if err := json.Unmarshal(bytes.TrimPrefix(text, bom), &f); err != nil {
		return nil, err
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: number(f.Modulus), E: int(number(f.Exponent).Int64())},
		D:         number(f.D),
		Primes:    []*big.Int{number(f.P), number(f.Q)},
	}
	if err := key.Validate(); err != nil {
		return nil, err
	}
	key.Precompute()
	return key, nil
}

// publicXML is the form in which .NET writes a public key and GitHub wants it.
func publicXML(key *rsa.PrivateKey) string {
	exponent := big.NewInt(int64(key.E)).Bytes()
	return fmt.Sprintf("<RSAKeyValue><Modulus>%s</Modulus><Exponent>%s</Exponent></RSAKeyValue>",
		base64.StdEncoding.EncodeToString(key.N.Bytes()), base64.StdEncoding.EncodeToString(exponent))
}

// assertion is the JWT by which the runner asks for an access token: signed PS256, good for five minutes.
func assertion(key *rsa.PrivateKey, clientID, audience string) (string, error) {
	now := time.Now()
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(map[string]string{"typ": "JWT", "alg": "PS256"}) + "." + encode(map[string]any{
		"sub": clientID, "iss": clientID, "aud": audience, "jti": rand.Text(),
		"nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
