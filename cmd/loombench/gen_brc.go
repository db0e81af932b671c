package main

import "sync"

// brcTable is like the measurements of the One Billion Row Challenge, with a
// header so that every tool can be left to find it out.
var brcTable = &table{
	name:   "brc",
	header: "station;temp\n",
	rows:   appendBrc,
}

// brcStations is how many stations the challenge has.
const brcStations = 413

type station struct {
	name       string
	meanTenths int64 // of a degree
}

// stations are the same for every seed.
var stations = sync.OnceValue(func() []station {
	first := []string{"San ", "Port ", "New ", "Upper ", "Saint ", "Santa ", "North ", "Puerto ", "Bad ", "Nova ", "Río ", "Żelazny "}
	second := []string{"Al", "Bel", "Cor", "Dun", "El", "Fal", "Gor", "Hel", "Is", "Jur", "Kor", "Lun", "Mar", "Nor", "Ost", "Pel", "Ras", "Sil", "Tor", "Vel", "Wes", "Zan", "Öst", "Ål"}
	third := []string{"amond", "burg", "caster", "dorado", "enberg", "field", "gate", "haven", "inga", "keld", "lington", "mouth", "nesset", "opolis", "rivière", "stadt", "ticello", "ville", "worth"}
	r := newRandom("stations", 0, 0, 0)
	seen := make(map[string]bool)
	list := make([]station, 0, brcStations)
	for len(list) < brcStations {
		name := ""
		if !r.oneIn(4) {
			name = first[r.below(int64(len(first)))]
		}
		name += second[r.below(int64(len(second)))] + third[r.below(int64(len(third)))]
		if r.oneIn(8) {
			name += " Airport"
		}
		if !seen[name] {
			seen[name] = true
			list = append(list, station{name, r.between(-200, 300)})
		}
	}
	return list
})

func appendBrc(dst []byte, r *random, s span) []byte {
	list := stations()
	for range s.count {
		at := &list[r.below(brcStations)]
		dst = append(dst, at.name...)
		dst = append(dst, ';')
		dst = appendScaled(dst, min(max(r.bell(at.meanTenths, 100), -999), 999), 1)
		dst = append(dst, '\n')
	}
	return dst
}
