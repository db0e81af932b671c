package expr

import (
	"crypto/md5"
	"encoding/hex"
)

func hashFunctions() []function {
	return []function{
		{name: "md5", group: "text", doc: "The MD5 hash of the text's bytes, in hexadecimal.", example: "md5('a') = '0cc175b9c0f1b6a831c399e269772661'",
			overloads: []overload{fn(kVarchar, mapText(appendMD5), kVarchar)}},
	}
}

func appendMD5(dst, s []byte) []byte {
	sum := md5.Sum(s)
	return hex.AppendEncode(dst, sum[:])
}
