package sinks

import (
	"path/filepath"
	"slices"
	"strings"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// Format is a kind of output.
type Format string

// The formats.
const (
	Parquet     Format = "parquet"
	ArrowFile   Format = "arrow"  // Arrow IPC file, also called Feather 2
	ArrowStream Format = "arrows" // Arrow IPC stream
	CSV         Format = "csv"
	TSV         Format = "tsv" // CSV with tabs
	JSONLines   Format = "jsonl"
	Table       Format = "table" // for people: box drawing, cut to the screen
)

// Compression is what is applied to the bytes of a text format as a whole.
// Parquet and Arrow compress inside the file, see their options.
type Compression string

// The compressions.
const (
	Uncompressed Compression = "none"
	Gzip         Compression = "gzip"
	Zstd         Compression = "zstd"
)

var formatOfName = map[string]Format{
	"parquet": Parquet,
	"arrow":   ArrowFile, "feather": ArrowFile, "ipc": ArrowFile,
	"arrows": ArrowStream,
	"csv":    CSV,
	"tsv":    TSV,
	"jsonl":  JSONLines, "ndjson": JSONLines,
	"table": Table,
}

var formatOfExtension = map[string]Format{
	".parquet": Parquet,
	".arrow":   ArrowFile, ".feather": ArrowFile,
	".arrows": ArrowStream,
	".csv":    CSV,
	".tsv":    TSV,
	".jsonl":  JSONLines, ".ndjson": JSONLines,
}

var compressionOfExtension = map[string]Compression{".gz": Gzip, ".zst": Zstd}

// extensionsKnown is told to users whose extension is not known.
const extensionsKnown = ".parquet .arrow .feather .arrows .csv .tsv .jsonl .ndjson; .csv, .tsv and .jsonl also with .gz or .zst after them"

// Formats lists the names that [ParseFormat] takes, for help and completion.
func Formats() []string {
	names := make([]string, 0, len(formatOfName))
	for name := range formatOfName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ParseFormat returns the format of that name, in any case. Its error lists
// the known names and suggests the nearest.
func ParseFormat(name string) (Format, error) {
	if f, ok := formatOfName[strings.ToLower(name)]; ok {
		return f, nil
	}
	known := Formats()
	return "", pipeline.Usagef("unknown format %s%s; known are %s",
		pipeline.Excerpt(name), didYouMean(sqltype.Suggest(strings.ToLower(name), known)), strings.Join(known, ", "))
}

// FormatByExtension returns what the name of a file says of its content. The
// error lists the known extensions and suggests the nearest.
func FormatByExtension(path string) (Format, Compression, error) {
	base := strings.ToLower(filepath.Base(path))
	compression := compressionByExtension(base)
	squeezed := compression != Uncompressed
	if squeezed {
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	extension := filepath.Ext(base)
	if f, ok := formatOfExtension[extension]; ok {
		if squeezed && !f.isText() {
			return "", "", pipeline.Usagef("%s: %s files are compressed inside and are not compressed again; call the output %s and choose the codec by its own option",
				path, f, strings.TrimSuffix(path, filepath.Ext(path)))
		}
		return f, compression, nil
	}
	if extension == "" {
		return "", "", pipeline.Usagef("%s: the extension tells the format, and there is none; add one of %s, or name it with --format", path, extensionsKnown)
	}
	known := make([]string, 0, len(formatOfExtension))
	for e := range formatOfExtension {
		known = append(known, e)
	}
	slices.Sort(known)
	return "", "", pipeline.Usagef("%s: unknown extension %q%s; known are %s; or name the format with --format",
		path, extension, didYouMean(sqltype.Suggest(extension, known)), extensionsKnown)
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return ", did you mean " + word + "?"
}

// compressionByExtension returns how a text file of that name is compressed.
func compressionByExtension(path string) Compression {
	if c, ok := compressionOfExtension[strings.ToLower(filepath.Ext(path))]; ok {
		return c
	}
	return Uncompressed
}

// isText reports whether the format is text, which may be compressed whole.
func (f Format) isText() bool {
	switch f {
	case CSV, TSV, JSONLines, Table:
		return true
	}
	return false
}
