package qr

import (
	"cmp"
	"math"
	"slices"
)

// mark is a corner square of a code: seven modules wide, dark, light, dark, light,
// dark in the proportions 1:1:3:1:1 along every line through its middle.
type mark struct{ x, y, module float64 }

// find lists what may be codes in a picture, as modules: each three squares that
// stand like the corners of one.
func find(b bitmap) (codes [][][]bool) {
	all := marks(b)
	for _, corner := range all {
		for _, right := range all {
			for _, below := range all {
				if code, ok := grid(b, corner, right, below); ok {
					codes = append(codes, code)
				}
			}
		}
	}
	return codes
}

// maxMarks bounds the work on a picture that is full of squares.
const maxMarks = 32

// marks finds the squares line by line, each once. Each column is looked at once
// too, or a picture full of stripes would be a day's work.
func marks(b bitmap) (found []mark) {
	columns := make([][]mark, b.width)
	seen := make([]bool, b.width)
	for y := range b.height {
		for _, m := range across(b.width, func(x int) bool { return b.at(x, y) }) {
			x := int(m.x)
			if !seen[x] {
				columns[x], seen[x] = across(b.height, func(y int) bool { return b.at(x, y) }), true
			}
			for _, v := range around(columns[x], float64(y), m.module) {
				here := mark{m.x, v.x, (m.module + v.module) / 2}
				if math.Abs(v.module-m.module) < m.module/2 && !slices.ContainsFunc(found, here.same) {
					found = append(found, here)
				}
				if len(found) == maxMarks {
					return found
				}
			}
		}
	}
	return found
}

// around are those of a line that are no further than so much from a place.
func around(line []mark, place, far float64) []mark {
	first := func(at float64) int {
		n, _ := slices.BinarySearchFunc(line, at, func(m mark, at float64) int { return cmp.Compare(m.x, at) })
		return n
	}
	return line[first(place-far):first(place+far)]
}

func (m mark) same(o mark) bool {
	return math.Abs(m.x-o.x) < 2*m.module && math.Abs(m.y-o.y) < 2*m.module
}

// across finds 1:1:3:1:1 along one line; x is the middle.
func across(n int, dark func(int) bool) (found []mark) {
	var runs []int // their ends
	for i := 1; i <= n; i++ {
		if i == n || dark(i) != dark(i-1) {
			runs = append(runs, i)
		}
	}
	start := func(k int) int {
		if k == 0 {
			return 0
		}
		return runs[k-1]
	}
	for k := 0; k+5 <= len(runs); k++ {
		if !dark(start(k)) {
			continue
		}
		module := float64(runs[k+4]-start(k)) / 7
		fits := true
		for i, want := range [5]float64{1, 1, 3, 1, 1} {
			fits = fits && math.Abs(float64(runs[k+i]-start(k+i))-want*module) <= max(module/2, 1)
		}
		if fits && module >= 1 {
			found = append(found, mark{x: float64(runs[k+4]+start(k)) / 2, module: module})
		}
	}
	return found
}

// grid reads the modules between three corners, if they are those of an upright
// code.
func grid(b bitmap, corner, right, below mark) ([][]bool, bool) {
	width, height := right.x-corner.x, below.y-corner.y
	module := (corner.module + right.module + below.module) / 3
	if width <= 0 || math.Abs(right.y-corner.y) > module || math.Abs(below.x-corner.x) > module || math.Abs(width-height) > 2*module {
		return nil, false
	}
	version := int(math.Round((width/module + 7 - 17) / 4))
	if version < 1 || version > 40 {
		return nil, false
	}
	size := 17 + 4*version
	stepX, stepY := width/float64(size-7), height/float64(size-7)
	code := make([][]bool, size)
	for y := range code {
		code[y] = make([]bool, size)
		for x := range code[y] {
			code[y][x] = b.at(int(corner.x+float64(x-3)*stepX), int(corner.y+float64(y-3)*stepY))
		}
	}
	return code, true
}
