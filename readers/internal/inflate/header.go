package inflate

// lengthOrder is the order of the lengths of the code of code lengths: RFC 1951,
// 3.2.7.
var lengthOrder = [lengthSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// header reads a block's header. When the input ends before the header does it
// returns errInput and has used nothing.
func (d *decoder) header() error {
	next, held, count := d.next, d.held, d.count
	err := d.readHeader()
	if err == errInput {
		d.next, d.held, d.count = next, held, count
	} else {
		d.release()
	}
	return err
}

// need holds n bits, at most 57.
func (d *decoder) need(n uint) bool {
	if d.count < n {
		d.hold()
	}
	return d.count >= n
}

// take uses n bits, which are held.
func (d *decoder) take(n uint) int {
	v := d.held & (1<<n - 1)
	d.held >>= n
	d.count -= n
	return int(v)
}

func (d *decoder) readHeader() error {
	if !d.need(3) {
		return errInput
	}
	final := d.take(1) == 1
	var err error
	switch d.take(2) {
	case 0:
		err = d.storedHeader()
	case 1:
		d.fixedCodes()
		d.state = inCodes
	case 2:
		d.fixed = false
		err = d.dynamicCodes()
		d.state = inCodes
	default:
		err = errBlockType
	}
	if err == errInput {
		d.state = atHeader
		return err
	}
	d.final = final
	return err
}

func (d *decoder) storedHeader() error {
	d.take(d.count % 8)
	if !d.need(32) {
		return errInput
	}
	length := d.take(16)
	if d.take(16) != length^0xffff {
		return errStoredLength
	}
	d.release()
	d.state, d.left = inStored, length
	return nil
}

func (d *decoder) fixedCodes() {
	if d.fixed {
		return
	}
	// These codes are complete.
	_ = build(d.literals[:], d.literalsSub[:], fixedLiterals[:], literalEntries[:])
	_ = build(d.distances[:], d.distancesSub[:], fixedDistances[:], distanceEntries[:])
	pair(&d.literals)
	d.fixed = true
}

func (d *decoder) dynamicCodes() error {
	if !d.need(14) {
		return errInput
	}
	literals, distances, lengths := d.take(5)+257, d.take(5)+1, d.take(4)+4
	if literals > literalsMax || distances > distancesMax {
		return errSymbolCount
	}
	var lengthLengths [lengthSymbols]uint8
	for _, symbol := range lengthOrder[:lengths] {
		if !d.need(3) {
			return errInput
		}
		lengthLengths[symbol] = uint8(d.take(3))
	}
	var table [1 << lengthBitsMax]uint32
	if err := build(table[:], nil, lengthLengths[:], lengthEntries[:]); err != nil {
		return err
	}

	// The lengths of both codes are one sequence: repeats cross from one to
	// the other.
	var all [literalsMax + distancesMax]uint8
	end := literals + distances
	for i := 0; i < end; {
		d.hold()
		e := table[d.held&(1<<lengthBitsMax-1)]
		used := uint(e & entryUsed)
		if used > d.count {
			return errInput
		}
		if e&exceptional != 0 {
			return errNoLength
		}
		symbol := uint8(e >> valueAt)
		if symbol <= codewordMax {
			d.take(used)
			all[i] = symbol
			i++
			continue
		}
		var repeated uint8
		least, extra := 3, uint(2)
		switch symbol {
		case 16:
			if i == 0 {
				return errRepeat
			}
			repeated = all[i-1]
		case 17:
			extra = 3
		case 18:
			least, extra = 11, 7
		}
		if used+extra > d.count {
			return errInput
		}
		d.take(used)
		times := least + d.take(extra)
		if times > end-i {
			return errRepeatCount
		}
		for range times {
			all[i] = repeated
			i++
		}
	}
	if all[endSymbol] == 0 {
		return errNoEnd
	}
	if err := build(d.literals[:], d.literalsSub[:], all[:literals], literalEntries[:]); err != nil {
		return err
	}
	pair(&d.literals)
	return build(d.distances[:], d.distancesSub[:], all[literals:end], distanceEntries[:])
}
