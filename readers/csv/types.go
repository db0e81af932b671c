package csv

import (
	"fmt"
	"strings"

	"csvloom/pipeline/sqltype"
)

// ParseTypes reads a list of column types such as
//
//	id:VARCHAR, price:DECIMAL(10,2), "odd:name":BIGINT
//
// A name with a colon, comma or quote stands in double quotes, with quotes in
// it doubled.
func ParseTypes(text string) (types []ColumnType, err error) {
	rest := strings.TrimSpace(text)
	for rest != "" {
		var name string
		if rest[0] == '"' {
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return nil, fmt.Errorf("%q: a quote is never closed", rest)
			}
			name, rest = strings.ReplaceAll(rest[1:end], `""`, `"`), rest[end+1:]
		} else {
			end := strings.IndexByte(rest, ':')
			if end < 0 {
				end = len(rest)
			}
			name, rest = strings.TrimSpace(rest[:end]), rest[end:]
		}
		if !strings.HasPrefix(rest, ":") {
			return nil, fmt.Errorf("expected column:TYPE, found no colon behind %q", name)
		}
		rest = rest[1:]
		depth, end := 0, 0
		for ; end < len(rest) && (rest[end] != ',' || depth > 0); end++ {
			switch rest[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		t, err := sqltype.Parse(strings.TrimSpace(rest[:end]))
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
		if !readable(t) {
			return nil, fmt.Errorf("column %q: CSV cannot be read as %s", name, sqltype.Name(t))
		}
		types = append(types, ColumnType{name, t})
		rest = strings.TrimSpace(strings.TrimPrefix(rest[end:], ","))
	}
	return types, nil
}
