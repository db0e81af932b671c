package inflate

import "errors"

// CorruptError says what is wrong with data, in a few words that can follow
// "the data is damaged:".
type CorruptError string

func (e CorruptError) Error() string { return string(e) }

const (
	errBlockType      = CorruptError("a block of unknown type")
	errStoredLength   = CorruptError("the length of a stored block does not match its complement")
	errSymbolCount    = CorruptError("a block has too many symbols")
	errRepeat         = CorruptError("a repeated code length without one to repeat")
	errRepeatCount    = CorruptError("a block has more code lengths than symbols")
	errNoEnd          = CorruptError("a block whose code has no end of block")
	errOversubscribed = CorruptError("an over-subscribed Huffman code")
	errIncomplete     = CorruptError("an incomplete Huffman code")
	errNoLength       = CorruptError("an invalid code length")
	errNoLiteral      = CorruptError("an invalid literal or length")
	errNoDistance     = CorruptError("an invalid distance")
	errTooFar         = CorruptError("a distance to before the start")
	errHeader         = CorruptError("an invalid gzip header")
)

// ErrChecksum says that content does not match the checksum or the length
// behind it.
var ErrChecksum = errors.New("the checksum or the length does not match")

// ErrTooLarge says that content is more than there is room for.
var ErrTooLarge = errors.New("more content than there is room for")

// Why decoder.run returned; neither is seen by anyone else.
var (
	errInput  = errors.New("more input is needed")
	errOutput = errors.New("more room is needed")
)
