package main

import (
	"strconv"
	"time"

	"csvloom/pipeline/sqltype"
)

// taxiTable is like the yellow cab trips that New York's Taxi and Limousine
// Commission publishes: nearly in order of time, zones of very different
// business, amounts of money, and trips of which some columns are not known.
var taxiTable = &table{
	name: "taxi",
	header: "vendor,pickup_at,dropoff_at,passengers,distance,store_and_fwd,pickup_zone,dropoff_zone," +
		"payment_type,fare,tip,total\n",
	rows: appendTaxi,
}

const (
	taxiZones = 265
	// taxiSpacingMillis is the time from trip to trip: six million make a year.
	taxiSpacingMillis = 5256
	// taxiShuffleSeconds is how far trips stand from the order of time.
	taxiShuffleSeconds = 6 * 3600
)

var taxiStart = time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()

func appendTaxi(dst []byte, r *random, s span) []byte {
	for row := s.first; row < s.first+s.count; row++ {
		pickup := taxiStart + row*taxiSpacingMillis/1000 + r.below(taxiShuffleSeconds)
		hundredths := 30 + r.skewed(2500) // of a mile
		seconds := 120 + hundredths*r.between(200, 500)/100
		fareCents := 300 + hundredths*r.between(200, 400)/100
		extraCents := 50 * r.below(6)
		payment := 1 + r.skewed(4)
		var tipCents int64
		if payment == 1 {
			tipCents = fareCents * r.between(500, 2500) / 10_000
		}
		if r.oneIn(16) {
			extraCents += 655 // a toll
		}
		unknown := r.oneIn(32)

		dst = strconv.AppendInt(dst, r.between(1, 2), 10)
		dst = append(dst, ',')
		dst = sqltype.AppendTimestamp(dst, pickup*1e6)
		dst = append(dst, ',')
		dst = sqltype.AppendTimestamp(dst, (pickup+seconds)*1e6)
		dst = append(dst, ',')
		if !unknown {
			dst = strconv.AppendInt(dst, 1+r.skewed(6), 10)
		}
		dst = append(dst, ',')
		dst = appendScaled(dst, hundredths, 2)
		switch {
		case unknown:
			dst = append(dst, ",,"...)
		case r.oneIn(100):
			dst = append(dst, ",Y,"...)
		default:
			dst = append(dst, ",N,"...)
		}
		dst = strconv.AppendInt(dst, taxiZone(r), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, taxiZone(r), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, payment, 10)
		for _, cents := range [...]int64{fareCents, tipCents, fareCents + extraCents + tipCents} {
			dst = append(dst, ',')
			dst = appendScaled(dst, cents, 2)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// taxiZone returns a zone in 1..265. The busy ones are spread over the numbers.
func taxiZone(r *random) int64 {
	return 1 + r.skewed(taxiZones)*97%taxiZones
}
