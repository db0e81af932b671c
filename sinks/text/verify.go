package text

import (
	"bytes"
	"errors"
	"io"
)

// verifyChunkBytes is how much is read at a time when an output is read back.
const verifyChunkBytes = 128 << 10

// VerifyCSV reads back what [NewCSV] wrote with these options and returns the
// number of rows. It fails when the text does not end with a whole record.
func VerifyCSV(r io.Reader, o CSVOptions) (rows int64, err error) {
	var inQuotes bool
	last, err := chunks(r, func(p []byte) {
		for {
			i := bytes.IndexByte(p, quote)
			outside := p
			if i >= 0 {
				outside = p[:i]
			}
			if !inQuotes {
				rows += int64(bytes.Count(outside, []byte{'\n'}))
			}
			if i < 0 {
				return
			}
			inQuotes = !inQuotes
			p = p[i+1:]
		}
	})
	switch {
	case err != nil:
		return rows, err
	case inQuotes || last != '\n' && last != 0:
		return rows, errTruncated("CSV")
	case o.NoHeader:
		return rows, nil
	case rows == 0:
		return 0, errors.New("the CSV text has lost its header")
	}
	return rows - 1, nil
}

// VerifyJSONLines reads back what [NewJSONLines] wrote and returns the number
// of rows. It fails when the text does not end with a whole line.
func VerifyJSONLines(r io.Reader) (rows int64, err error) {
	last, err := chunks(r, func(p []byte) {
		rows += int64(bytes.Count(p, []byte{'\n'}))
	})
	if err == nil && last != '\n' && last != 0 {
		err = errTruncated("JSON")
	}
	return rows, err
}

// chunks calls look on everything in r, piece by piece, and returns the last
// byte; 0 when there was none.
func chunks(r io.Reader, look func([]byte)) (last byte, err error) {
	buf := make([]byte, verifyChunkBytes)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			look(buf[:n])
			last = buf[n-1]
		}
		if err == io.EOF {
			return last, nil
		}
		if err != nil {
			return last, err
		}
	}
}
