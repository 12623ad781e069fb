package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
)

// kubeExec is the exec part of a user in a kubeconfig:
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#ExecConfig
type kubeExec struct {
	APIVersion         string              `yaml:"apiVersion"`
	Command            string              `yaml:"command"`
	Args               []string            `yaml:"args"`
	Env                []map[string]string `yaml:"env"`
	InstallHint        string              `yaml:"installHint"`
	InteractiveMode    string              `yaml:"interactiveMode"`
	ProvideClusterInfo bool                `yaml:"provideClusterInfo"`
}

// execCredentialV1 is ExecCredential of client.authentication.k8s.io/v1, every
// field of it, as its page has them; the types here are not those of m2m:
// https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
type execCredentialV1 struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       *struct {
		Cluster     json.RawMessage `json:"cluster"`
		Interactive bool            `json:"interactive"`
	} `json:"spec"`
	Status *struct {
		ExpirationTimestamp   *time.Time `json:"expirationTimestamp"` // RFC 3339
		Token                 string     `json:"token"`
		ClientCertificateData string     `json:"clientCertificateData"`
		ClientKeyData         string     `json:"clientKeyData"`
	} `json:"status"`
}

// kubeexec KUBECONFIG FILE does what kubectl does with the first user of a
// kubeconfig: it runs the command as that says, reads what it prints, field by
// field, and leaves the token in FILE.
func kubeexec(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: kubeexec KUBECONFIG FILE")
	}
	var config struct {
		Users []struct {
			User struct {
				Exec kubeExec `yaml:"exec"`
			} `yaml:"user"`
		} `yaml:"users"`
	}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), &config))
	use := config.Users[0].User.Exec
	if use.InteractiveMode != "Never" && use.InteractiveMode != "IfAvailable" {
		ts.Fatalf("interactiveMode is %q; client-go needs it with v1, and m2m asks nobody", use.InteractiveMode)
	}
	path, err := exec.LookPath(use.Command)
	ts.Check(err)
	cmd := exec.Command(path, use.Args...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "CLIENT_SECRET", "AZURE_AUTHORITY_HOST", "M2M_CA_FILE",
		transcriptsVariable} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	for _, variable := range use.Env {
		cmd.Env = append(cmd.Env, variable["name"]+"="+os.Expand(variable["value"], ts.Getenv))
	}
	cmd.Env = append(cmd.Env,
		`KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":"`+use.APIVersion+`","spec":{"interactive":false}}`)
	out, err := cmd.Output()
	ts.Check(err)
	token, err := readExecCredential(out, use.APIVersion)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(token+"\n"), 0o600))
}

// readExecCredential checks a plugin's answer field by field and returns the
// token.
func readExecCredential(answer []byte, version string) (token string, err error) {
	var c execCredentialV1
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return "", err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("there is more than one document")
	}
	switch {
	case c.APIVersion != version: // client-go: "exec plugin is configured to use API version"
		return "", fmt.Errorf("apiVersion is %q, the kubeconfig has %q", c.APIVersion, version)
	case c.Kind != "ExecCredential":
		return "", fmt.Errorf("kind is %q", c.Kind)
	case c.Spec != nil:
		return "", errors.New("spec is for the plugin to read, not to write")
	case c.Status == nil:
		return "", errors.New("there is no status")
	case c.Status.ClientCertificateData != "" || c.Status.ClientKeyData != "":
		return "", errors.New("there is a certificate beside the token")
	case strings.Count(c.Status.Token, ".") != 2:
		return "", errors.New("the token is no JWT")
	case c.Status.ExpirationTimestamp == nil:
		return "", errors.New("there is no expirationTimestamp: kubectl would keep the token for ever")
	}
	ends, err := expiryOf(c.Status.Token)
	if err != nil {
		return "", err
	}
	if late := c.Status.ExpirationTimestamp.Sub(ends); late > 0 || late < -time.Minute {
		return "", fmt.Errorf("expirationTimestamp is %s after the token's own end", late)
	}
	return c.Status.Token, nil
}

// expiryOf reads exp, with no code of m2m.
func expiryOf(token string) (time.Time, error) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return time.Time{}, err
	}
	var claims struct {
		Expires int64 `json:"exp"`
	}
	err = json.Unmarshal(payload, &claims)
	return time.Unix(claims.Expires, 0), err
}
