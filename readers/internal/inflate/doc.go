// Package inflate decompresses DEFLATE (RFC 1951) and the members of gzip files
// (RFC 1952).
//
// It is made for large inputs that are read once, from start to end. The hot
// loop (decoder.fast) keeps 64 bits of input in a register, fills them up with one
// load of eight bytes, and decodes one or two literals, or a length, with one
// look into a table; it runs while there is room for whatever one turn of it may
// read and write, so that it asks for neither. Everything else, the ends of the input
// and of the output above all, is done by decoder.careful, symbol by symbol. Content
// is decoded into the memory of the one who reads, as far as that has room for
// the 32 KiB that a match may reach back.
//
// Whatever RFC 1951 does not allow is an error that says what it is, among them
// codes that are over-subscribed or incomplete. As with zlib, a code of a
// single symbol may be one bit long, and the code of distances may be empty if
// no match is used.
//
// The loads and stores of the hot loop are not checked one by one (internal/word);
// the two bounds of it are what keeps them inside, fast.go says how.
//
// Start reading at [Reader]; the form of the tables is described in table.go.
package inflate
