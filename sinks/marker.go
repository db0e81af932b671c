package sinks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"csvloom/pipeline"
	"csvloom/sinks/internal/vfs"
)

// markerName is the file by which csvloom knows a directory as its own. Readers
// of data sets pass over names that start with an underscore.
const markerName = "_csvloom.json"

// markerVersion is the version of the marker's content.
const markerVersion = 1

// markerBytesMax bounds what is read of a marker. 10,000 partitions take about
// 2 MB.
const markerBytesMax = 256 << 20

// marker says what is in a directory of partitions. It depends on nothing but
// the data and the options.
type marker struct {
	Version     int          `json:"csvloom_partitions"`
	Format      Format       `json:"format"`
	Compression Compression  `json:"compression"`
	PartitionBy []string     `json:"partition_by"`
	Rows        int64        `json:"rows"`
	Bytes       int64        `json:"bytes"`
	Files       []FileOutput `json:"files"` // in the order of their paths
}

// bytes returns the marker as it is stored.
func (m *marker) bytes() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", " ")
	return append(text, '\n'), err
}

// readMarker reads the marker of a directory; fs.ErrNotExist when it has none.
func readMarker(fsys vfs.FS, dir string) (*marker, error) {
	f, err := fsys.Open(filepath.Join(dir, markerName))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > markerBytesMax {
		return nil, fmt.Errorf("it has %d bytes, more than csvloom writes", info.Size())
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, info.Size()), text); err != nil {
		return nil, err
	}
	m := new(marker)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	if m.Version != markerVersion {
		return nil, fmt.Errorf("it is of version %d, and this csvloom knows version %d", m.Version, markerVersion)
	}
	return m, nil
}

// checkReplaceable refuses to replace a directory with anything in it that
// csvloom did not publish there. An empty one has nothing to lose.
func checkReplaceable(fsys vfs.FS, t target) error {
	entries, err := fsys.ReadDir(t.path)
	if err != nil {
		return pipeline.Usagef("%s: cannot look into the directory: %w", t.name, causeOf(err))
	}
	if len(entries) == 0 {
		return nil
	}
	m, err := readMarker(fsys, t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pipeline.Usagef("%s was not published by csvloom (it has no %s), so --overwrite leaves it alone; name another directory, or remove this one yourself", t.name, markerName)
	case err != nil:
		return pipeline.Usagef("%s: its %s cannot be read, so --overwrite leaves the directory alone: %w", t.name, markerName, causeOf(err))
	}
	known := make(map[string]bool, len(m.Files)+1)
	known[markerName] = true
	for _, f := range m.Files {
		known[f.Path] = true
	}
	return checkKnown(fsys, t, known, ".", entries)
}

// checkKnown looks through the directory below, given by its path from the
// target with slashes.
func checkKnown(fsys vfs.FS, t target, known map[string]bool, below string, entries []fs.DirEntry) error {
	for _, e := range entries {
		name := path.Join(below, e.Name())
		if !e.IsDir() {
			if !known[name] {
				return pipeline.Usagef("%s holds %s, which csvloom did not write, so --overwrite leaves the directory alone; move that file away, or name another directory", t.name, name)
			}
			continue
		}
		inside, err := fsys.ReadDir(filepath.Join(t.path, filepath.FromSlash(name)))
		if err != nil {
			return pipeline.Usagef("%s: cannot look into %s: %w", t.name, name, causeOf(err))
		}
		if err := checkKnown(fsys, t, known, name, inside); err != nil {
			return err
		}
	}
	return nil
}
