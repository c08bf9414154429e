// Command ledger-check verifies a log and its proofs with programs that others wrote.
//
//	ledger-check log DIR VKEY-FILE          tessera's fsck over the folder DIR
//	ledger-check proof VKEY-FILE PROOF ENTRY  torchwood and transparency-dev/formats over a .tlog-proof
//	ledger-check note NAME TEXT               signs TEXT (with | for line ends) as golang.org/x/mod does
//
// It exits with 0 when all is sound and with 1 when anything is not.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "log":
		err = checkLog(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "proof":
		err = checkProof(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 4 && os.Args[1] == "note":
		err = signNote(os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("usage: ledger-check log DIR VKEY | proof VKEY PROOF ENTRY | note NAME TEXT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("sound")
}

// checkLog gives up after a while: on a mismatch fsck may wait for ever.
func checkLog(dir, keyFile string) error {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	key, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	hashBundle := func(bytes []byte) ([][]byte, error) {
		var bundle api.EntryBundle
		if err := bundle.UnmarshalText(bytes); err != nil {
			return nil, err
		}
		var leaves [][]byte
		for _, entry := range bundle.Entries {
			leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(entry))
		}
		return leaves, nil
	}
	check := fsck.New(key.Name(), key, &client.FileFetcher{Root: dir}, hashBundle, fsck.Opts{N: 4})
	done := make(chan error, 1)
	go func() { done <- check.Check(context.Background()) }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		return fmt.Errorf("fsck did not end")
	}
}

func checkProof(keyFile, proofFile, entryFile string) error {
	var files [3][]byte
	for i, name := range []string{keyFile, proofFile, entryFile} {
		bytes, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files[i] = bytes
	}
	key, text, entry := strings.TrimSpace(string(files[0])), files[1], files[2]
	var parsed proof.TLogProof
	if err := parsed.Unmarshal(text); err != nil {
		return fmt.Errorf("transparency-dev/formats: %w", err)
	}
	if again := parsed.Marshal(); !bytes.Equal(again, text) {
		return fmt.Errorf("transparency-dev/formats writes the proof in another way:\n%s", again)
	}
	policy, err := torchwood.ParsePolicy([]byte("log " + key + "\nquorum none\n"))
	if err != nil {
		return err
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), text); err != nil {
		return fmt.Errorf("torchwood: %w", err)
	}
	return nil
}

// signNote uses the key whose seed is 32 times the byte 7.
func signNote(name, text string) error {
	secret, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: strings.ReplaceAll(text, "|", "\n")}, signer)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n%s", secret, public, signed)
	return nil
}
