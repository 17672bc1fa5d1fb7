package event

// Columns returns what columns makes of each row, which is the form the queries of a table take. Every row is an R.
func Columns[R Row, P any](rows []Row, columns func(R) P) []P {
	params := make([]P, len(rows))
	for i, row := range rows {
		params[i] = columns(row.(R))
	}
	return params
}

// NullableBytes converts what v points at; nil stays nil, which is NULL.
func NullableBytes[T any](v *T, convert func(T) []byte) []byte {
	if v == nil {
		return nil
	}
	return convert(*v)
}
