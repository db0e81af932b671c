package csv

// FileInfo is what is known of how an input is written.
type FileInfo struct {
	Name       string
	Skipped    bool // it could not be read and is left out
	Dialect    Dialect
	Columns    int   // 0: the file is empty
	HeaderLine int64 // 1-based line on which the header starts; 0: there is none
	FirstLine  int64 // 1-based line behind the header
}

// Files returns how each input is written, in input order. Schema must have
// been called.
func (s *Source) Files() []FileInfo {
	list := make([]FileInfo, len(s.files))
	for i, f := range s.files {
		list[i] = FileInfo{f.input.Name, f.skipped, f.dialect, len(f.names), f.headerLine, f.line}
	}
	return list
}
