go.mod
module m
require (
	a.org/b v1.0.0 // indirect
)
replace a.org/b => c.org/d v2.0.0
