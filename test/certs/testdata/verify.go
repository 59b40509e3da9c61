// Says what Go's crypto/x509, by which API servers decide, makes of certificates: chain, name, usage, identifiers.
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func read(path string) *x509.Certificate {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		fail(fmt.Errorf("%s: no PEM", path))
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		fail(err)
	}
	return certificate
}

func fail(err error) {
	fmt.Println(err)
	os.Exit(1)
}

// Arguments: the leaf, the name that is asked for, and the authorities that are trusted, the first of which signed the leaf.
func main() {
	leaf, name := read(os.Args[1]), os.Args[2]
	roots := x509.NewCertPool()
	for _, path := range os.Args[3:] {
		roots.AddCert(read(path))
	}
	if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
		fail(err)
	}
	signer := read(os.Args[3])
	switch {
	case !bytes.Equal(leaf.AuthorityKeyId, signer.SubjectKeyId) || len(signer.SubjectKeyId) != 20:
		fail(fmt.Errorf("the leaf names another key than its authority's"))
	case len(leaf.SubjectKeyId) != 20 || leaf.IsCA || !leaf.BasicConstraintsValid:
		fail(fmt.Errorf("the leaf lacks its identifier, or may sign"))
	case !signer.IsCA || signer.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign:
		fail(fmt.Errorf("the authority may not sign, or more than that"))
	case leaf.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment || len(leaf.ExtKeyUsage) != 1:
		fail(fmt.Errorf("the leaf may do more than serve"))
	case leaf.SerialNumber.Sign() != 1 || len(leaf.SerialNumber.Bytes()) != 16 || leaf.SerialNumber.Bytes()[0] > 0x7f:
		fail(fmt.Errorf("the serial number is not 16 positive bytes"))
	case leaf.Version != 3 || leaf.SignatureAlgorithm != x509.SHA256WithRSA:
		fail(fmt.Errorf("it is not of version 3, or not signed by SHA-256 with RSA"))
	}
	fmt.Println("taken")
}
