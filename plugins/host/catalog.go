package host

import (
	"cmp"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
	"github.com/swaperoo/swaperoo/plugins/api"
)

// State says whether a plugin of the catalog may be started.
type State string

// The states of a plugin.
const (
	Ready       State = "ready"
	Modified    State = "modified"    // its file is not the one that was added
	Missing     State = "missing"     // its file is not there
	Exposed     State = "exposed"     // others may write its file
	Quarantined State = "quarantined" // it crashed too often
	Overlapping State = "overlapping" // another one brings the same; only an opened party shows that
)

// Entry is one plugin that the operator has added.
type Entry struct {
	Name        string          `json:"name"`
	Version     string          `json:"version"`
	Path        string          `json:"path"`            // absolute
	SHA256      string          `json:"sha256"`          // of the only binary that may run
	Stamp       *Stamp          `json:"stamp,omitempty"` // of the file when it was added
	Description api.Description `json:"description"`
	Quarantine  string          `json:"quarantine,omitempty"` // why it is in quarantine
}

// Source is what Host.Load takes.
func (e Entry) Source() Source {
	return Source{Path: e.Path, SHA256: e.SHA256, Description: &e.Description}
}

// Listed is an entry with its state and what the operator can do about it.
type Listed struct {
	Entry
	State  State
	Remedy string // empty if ready
}

// Unready says to the party's operator why a plugin cannot be started: nil if it is ready, else
// fault.Unavailable, whose reason is "plugin-" and the state.
func (l Listed) Unready() error {
	if l.State == Ready {
		return nil
	}
	return fault.New(fault.Unavailable, "the plugin %s is %s", l.Name, l.State).Because("plugin-"+fault.Reason(l.State)).WithHint("%s", l.Remedy)
}

// Catalog is the list of third-party plugins of a node: the file plugins.lock beside its data. It
// is read anew for each call, because a command may change it while a node runs. After a crash the
// file is the one before a change or the one after it.
type Catalog struct {
	path string
	mu   sync.Mutex // one change at a time in this process
}

// NewCatalog is the catalog in a file, which need not exist yet.
func NewCatalog(path string) *Catalog { return &Catalog{path: path} }

// Add pins what Inspect saw at path. A name that is taken is fault.Conflict.
func (c *Catalog) Add(path string, seen Inspected) (Entry, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Entry{}, fault.Wrap(err, fault.Invalid, "%s is not a path", path)
	}
	e := Entry{
		Name: seen.Description.Name, Version: seen.Description.Version,
		Path: path, SHA256: seen.SHA256, Stamp: seen.Stamp, Description: seen.Description,
	}
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	return e, c.change(func(l *lockFileV1) error {
		if l.find(e.Name) >= 0 {
			return fault.New(fault.Conflict, "a plugin of the name %s was added before", e.Name).Because("plugin-twice").
				WithHint("swaperoo plugin remove %s", e.Name)
		}
		l.Plugins = append(l.Plugins, e)
		slices.SortFunc(l.Plugins, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
		return nil
	})
}

// List gives all plugins by name, with the state that their files are in now.
func (c *Catalog) List() ([]Listed, error) {
	l, err := readLock(c.path)
	if err != nil {
		return nil, err
	}
	list := make([]Listed, 0, len(l.Plugins))
	for _, e := range l.Plugins {
		listed := Listed{Entry: e}
		listed.State, listed.Remedy = e.state()
		list = append(list, listed)
	}
	return list, nil
}

// Find gives one plugin; fault.NotFound.
func (c *Catalog) Find(name string) (Listed, error) {
	list, err := c.List()
	if err != nil {
		return Listed{}, err
	}
	return Pick(list, name)
}

// Pick finds one in a list; fault.NotFound.
func Pick(list []Listed, name string) (Listed, error) {
	for _, e := range list {
		if e.Name == name {
			return e, nil
		}
	}
	return Listed{}, unknown(name)
}

// Remove forgets a plugin; fault.NotFound. Its file stays where it is.
func (c *Catalog) Remove(name string) error {
	return c.change(func(l *lockFileV1) error {
		n := l.find(name)
		if n < 0 {
			return unknown(name)
		}
		l.Plugins = slices.Delete(l.Plugins, n, n+1)
		return nil
	})
}

// Enable ends a plugin's quarantine; fault.NotFound.
func (c *Catalog) Enable(name string) error {
	if _, err := c.Find(name); err != nil {
		return err
	}
	return c.SetQuarantine(name, "")
}

// Quarantined implements Quarantine. A catalog that cannot be read by now marks nothing: it could
// be read when the bundle was loaded.
func (c *Catalog) Quarantined(name string) string {
	l, err := readLock(c.path)
	if err != nil {
		return ""
	}
	if n := l.find(name); n >= 0 {
		return l.Plugins[n].Quarantine
	}
	return ""
}

// SetQuarantine implements Quarantine.
func (c *Catalog) SetQuarantine(name, why string) error {
	return c.change(func(l *lockFileV1) error {
		if n := l.find(name); n >= 0 {
			l.Plugins[n].Quarantine = why
		}
		return nil
	})
}

// change reads, changes and replaces the file, under a lock that other
// processes respect.
func (c *Catalog) change(f func(*lockFileV1) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	gate, err := os.OpenFile(c.path+".gate", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the list of plugins %s cannot be changed", c.path)
	}
	defer gate.Close()
	if err := disk.Lock(gate); err != nil {
		return fault.Wrap(err, fault.Internal, "the list of plugins %s cannot be changed", c.path)
	}
	l, err := readLock(c.path)
	if err != nil {
		return err
	}
	if err := f(&l); err != nil {
		return err
	}
	return writeLock(c.path, l)
}

// state looks at the file as it is now. A file with the stamp of when it was added is not read;
// each start reads it in any case.
func (e Entry) state() (State, string) {
	if e.Quarantine != "" {
		return Quarantined, "look at its log, then: swaperoo plugin enable " + e.Name
	}
	s := e.Source()
	f, err := s.look()
	if err == nil {
		if !e.Stamp.of(f) {
			_, err = s.sum(f)
		}
		f.Close()
	}
	switch {
	case err == nil:
		return Ready, ""
	case fault.ReasonOf(err) == "plugin-modified":
		return Modified, "if the change is yours: swaperoo plugin remove " + e.Name + ", then swaperoo plugin add " + e.Path
	case fault.ReasonOf(err) == "plugin-exposed":
		return Exposed, fault.From(err).Hint
	}
	return Missing, "put the file back at " + e.Path + ", or: swaperoo plugin remove " + e.Name
}

// check refuses an entry that Add would not have made.
func (e Entry) check() error {
	if err := e.Description.Check(); err != nil {
		return err
	}
	sum, err := hex.DecodeString(e.SHA256)
	if err != nil || len(sum) != 32 || !filepath.IsAbs(e.Path) || e.Name != e.Description.Name || e.Version != e.Description.Version {
		return fault.New(fault.Invalid, "the entry of plugin %s is damaged", e.Name).Because("catalog-malformed")
	}
	return nil
}

func unknown(name string) error {
	return fault.New(fault.NotFound, "there is no plugin %q", fault.Clip(name)).Because("plugin-unknown").
		WithHint("`plugin list` shows those that were added")
}
