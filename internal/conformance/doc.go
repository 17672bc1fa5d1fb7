// Package conformance holds the tests of the whole system on streams that a real rindexer wrote: ABIs are dropped into
// a copy of the project, the generator and sqlc run there, the service is built and run, and every column of every row
// it wrote is compared with what the recording says. There is nothing to import.
//
// Its invariant: what is expected is computed without the service's own decoders. The node's logs are decoded by
// go-ethereum; where a recording has none, the payload is decoded by encoding/json. Tables and columns are found by
// their comments, as a user's tool would find them.
package conformance
