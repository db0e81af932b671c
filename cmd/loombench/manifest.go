package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// generation is raised when the rows of any table change.
const generation = 1

// manifestName starts with an underscore so that nobody reads it as data.
const manifestName = "_manifest.json"

// manifest says what a data set holds. It is written last: a set without one is
// incomplete.
type manifest struct {
	Generation int            `json:"generation"`
	Set        string         `json:"set"`
	Rows       int64          `json:"rows"`
	Seed       uint64         `json:"seed"`
	Bytes      int64          `json:"bytes"`
	Files      []manifestFile `json:"files"`
}

type manifestFile struct {
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	XXH3  string `json:"xxh3"` // 64 bits of the file as it is stored, in hex
}

// readManifest returns the manifest of a set; nil if there is none.
func readManifest(setDir string) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(setDir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := new(manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, nil // cut short: as good as none
	}
	return m, nil
}

func (m *manifest) write(setDir string) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	path := filepath.Join(setDir, manifestName)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// complete reports whether the set is what would be generated, and all there.
// Sizes are compared, not digests.
func (m *manifest) complete(setDir string, rows int64, seed uint64) bool {
	if m == nil || m.Generation != generation || m.Rows != rows || m.Seed != seed {
		return false
	}
	for i := range m.Files {
		info, err := os.Stat(filepath.Join(setDir, m.Files[i].Name))
		if err != nil || info.Size() != m.Files[i].Bytes {
			return false
		}
	}
	return true
}
