package csv

// FileInfo is what is known of how an input is written.
type FileInfo struct {
	Name       string
	Skipped    bool // it could not be read and is left out
	Dialect    Dialect
	Columns    int   // 0: the file is empty
	HeaderLine int64 // 1-based line on which the header starts; 0: there is none
	FirstLine  int64 // 1-based line behind the header
	// Lines that are no records: before the header, behind the table, and
	// comments, which are known once the file has been read.
	Preamble, Footer int
	Comments         int64
}

// Files returns how each input is written, in input order. Schema must have
// been called.
func (s *Source) Files() []FileInfo {
	list := make([]FileInfo, len(s.files))
	for i, f := range s.files {
		list[i] = FileInfo{
			Name: f.input.Name, Skipped: f.skipped, Dialect: f.dialect, Columns: len(f.names), HeaderLine: f.headerLine, FirstLine: f.line,
			Preamble: f.preambleLines, Footer: f.footer, Comments: f.departures.commentLines(),
		}
	}
	return list
}
