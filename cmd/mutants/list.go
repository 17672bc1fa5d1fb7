package main

import "slices"

// all are defects that somebody could make, or has made. Each has the text of the code in it, and is to follow it: where the
// code has changed, so that a defect cannot be planted any more, plant one like it where it can be made now.
var all = slices.Concat(ofIngest, ofStream, ofPostgres, ofService)
