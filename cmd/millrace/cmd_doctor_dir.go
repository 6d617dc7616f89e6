package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/journal/witness"
)

// settings reads millrace.yaml and what it names.
func (d *doctor) settings() bool {
	var err error
	if d.cfg, err = config.Load(d.dir, os.Getenv); err != nil {
		d.say("settings", wrong, "", "%v", err)
		return false
	}
	if _, err := d.cfg.Search.Secret(); err != nil {
		d.say("settings", wrong, "", "%v", err)
		return false
	}
	d.say("settings", fine, "", "%s", filepath.Join(d.dir, config.FileName))
	return true
}

// keys looks at the generated keys without making them.
func (d *doctor) keys() {
	name := filepath.Join(d.dir, config.SecretsFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		d.say("keys", fine, "", "the first start makes them")
		return
	}
	if _, err := config.LoadSecrets(d.dir); err != nil {
		d.say("keys", wrong, "", "%v", err)
		return
	}
	d.say("keys", fine, "", "%s", name)
}

// ports tries those that a start would take.
func (d *doctor) ports() {
	want := map[string]int{"edge_port": d.cfg.EdgePort, "console_port": d.cfg.ConsolePort}
	if d.cfg.Search.URL == "" {
		want["search_port"] = d.cfg.SearchPort
		var kept domainPorts
		if text, err := os.ReadFile(filepath.Join(d.dir, "search", "domains.json")); err == nil && json.Unmarshal(text, &kept) == nil {
			for name, port := range kept.Ports {
				want["search domain "+name] = port
			}
		}
	}
	for name, port := range want {
		if port == 0 {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			d.say("port", wrong, "", "%s: %v", name, err)
			continue
		}
		_ = l.Close()
		d.say("port", fine, "", "%s: %d is free", name, port)
	}
}

// journal asks whether the journal is the one that the directory knows. What is in it is checked by the server, as it reads.
func (d *doctor) journal() {
	if err := witness.Check(filepath.Join(d.dir, journalNote), filepath.Join(d.dir, journalDir), false); err != nil {
		d.say("journal", wrong, "", "%v", err)
		return
	}
	d.say("journal", fine, "", "it is the one that %s knows", journalNote)
}

// cluster asks the search server of millrace.yaml while no server runs.
func (d *doctor) cluster(ctx context.Context) {
	search := d.cfg.Search
	if search.URL == "" {
		return // the embedded index is not there without the server
	}
	password, err := search.Secret()
	if err != nil {
		return // said already
	}
	if client := d.client(search.URL, search.Username, password); client != nil {
		d.search(ctx, search.URL, client)
	}
}

// client asks a search server as the server does.
func (d *doctor) client(address, user, password string) *opensearch.Client {
	transport, err := tlsTransport(d.cfg.Search.CAFile)
	if err != nil {
		d.say("search", wrong, "", "%v", err)
		return nil
	}
	var credentials opensearch.Credentials
	if user != "" {
		credentials = opensearch.Basic{Username: user, Password: password}
	}
	client, err := opensearch.NewClient(address, credentials, transport, searchCommandTimeout)
	if err != nil {
		d.say("search", wrong, "", "%v", err)
		return nil
	}
	return client
}
