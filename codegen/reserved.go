package codegen

import "strings"

// reserved holds what cannot be a column's name.
var reserved = words(reservedWords, typeFuncWords, systemColumns, metadataColumns())

// reservedTables are the tables of schema/core.sql that an event's could be named like.
var reservedTables = words("generic_events orphaned_events")

// reservedWords are the key words of PostgreSQL 14 to 18 that stand for nothing else, and typeFuncWords those that
// may name a function or a type, but no column.
// https://www.postgresql.org/docs/current/sql-keywords-appendix.html
const (
	reservedWords = `all analyse analyze and any array as asc asymmetric both case cast check collate column
		constraint create current_catalog current_date current_role current_time current_timestamp current_user
		default deferrable desc distinct do else end except false fetch for foreign from grant group having in
		initially intersect into lateral leading limit localtime localtimestamp not null offset on only or order
		placing primary references returning select session_user some symmetric system_user table then to trailing
		true union unique user using variadic when where window with`

	typeFuncWords = `authorization binary collation concurrently cross current_schema freeze full ilike inner is
		isnull join left like natural notnull outer overlaps right similar tablesample verbose`

	systemColumns = `cmax cmin ctid tableoid xmax xmin`
)

func metadataColumns() string {
	names := make([]string, len(metadata))
	for i, c := range metadata {
		names[i] = c.Name
	}
	return strings.Join(names, " ")
}

func words(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, word := range strings.Fields(list) {
			set[word] = true
		}
	}
	return set
}
