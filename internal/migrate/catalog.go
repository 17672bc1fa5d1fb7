package migrate

import (
	"context"
	"fmt"
)

// relation is what pg_class says about a name of ours.
type relation struct {
	kind  string // pg_class.relkind: r table, p partitioned table, v view …
	owner string
}

const relationsQuery = `
SELECT c.relname, c.relkind::text, pg_get_userbyid(c.relowner)
FROM pg_class c
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND c.relname = ANY ($2)`

// relations looks up the desired tables' names in the target schema, whatever stands there under them.
func (s *session) relations(ctx context.Context) (map[string]relation, error) {
	rows, err := s.conn.QueryContext(ctx, relationsQuery, s.target, s.tableNames())
	if err != nil {
		return nil, fmt.Errorf("list tables of schema %s: %w", s.target, err)
	}
	defer rows.Close()
	found := map[string]relation{}
	for rows.Next() {
		var name string
		var r relation
		if err := rows.Scan(&name, &r.kind, &r.owner); err != nil {
			return nil, fmt.Errorf("list tables of schema %s: %w", s.target, err)
		}
		found[name] = r
	}
	return found, rows.Err()
}

// checkKinds refuses names that something other than a table has.
func (s *session) checkKinds(live map[string]relation) error {
	for _, t := range s.source.tables {
		if r, ok := live[t.name]; ok && r.kind != "r" && r.kind != "p" {
			return fmt.Errorf("find table %s: schema %s has something of that name that is no table "+
				"(relkind %s, owner %s); hint: rename that, or use another schema with ?search_path= in DATABASE_URL",
				t.name, s.target, r.kind, r.owner)
		}
	}
	return nil
}

// The condition is that of information_schema.columns, where Atlas looks.
const hiddenQuery = `
SELECT c.relname, pg_get_userbyid(c.relowner), count(*), count(*) FILTER (WHERE
    pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'))
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND c.relname = ANY ($2)
GROUP BY c.relname, c.relowner
ORDER BY c.relname`

// checkVisible refuses to plan for tables that the role sees in part or not at all: the plan would be to create what
// is there. The system catalogs show everything to everybody, information_schema hides what one has no privilege on.
func (s *session) checkVisible(ctx context.Context) error {
	rows, err := s.conn.QueryContext(ctx, hiddenQuery, s.target, s.tableNames())
	if err != nil {
		return fmt.Errorf("list privileges in schema %s: %w", s.target, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, owner string
		var columns, visible int
		if err := rows.Scan(&name, &owner, &columns, &visible); err != nil {
			return fmt.Errorf("list privileges in schema %s: %w", s.target, err)
		}
		if visible < columns {
			return fmt.Errorf("inspect table %s of schema %s: role %s sees %d of its %d columns, and %s owns it; "+
				"hint: migrate as %s, or GRANT SELECT ON %s TO %s to see the plan", name, s.target, s.role, visible,
				columns, owner, owner, quote(s.target, name), quote(s.role))
		}
	}
	return rows.Err()
}

func (s *session) tableNames() []string {
	names := make([]string, len(s.source.tables))
	for i, t := range s.source.tables {
		names[i] = t.name
	}
	return names
}

type indexState int

const (
	indexMissing  indexState = iota
	indexInvalid             // CREATE INDEX CONCURRENTLY was cut off, or failed
	indexBuilding            // somebody is at it
)

// pendingIndex is a desired index that its table lacks, or cannot use yet.
type pendingIndex struct {
	*index
	state indexState
	empty bool // its table was, when it was asked
}

// An index that somebody is building at this moment is invalid too, and must be left to it.
const indexesQuery = `
SELECT i.relname, x.indisvalid, p.pid IS NOT NULL
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = x.indexrelid AND p.datname = current_database()
WHERE t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
  AND t.relname = ANY ($2)`

// lackingIndexes lists the desired indexes that tables which exist do not have in a valid state. It goes by name: whether
// a definition is still the desired one is Atlas' part.
func (s *session) lackingIndexes(ctx context.Context) ([]pendingIndex, error) {
	live, err := s.relations(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.conn.QueryContext(ctx, indexesQuery, s.target, s.tableNames())
	if err != nil {
		return nil, fmt.Errorf("list indexes of schema %s: %w", s.target, err)
	}
	defer rows.Close()
	valid, state := map[string]bool{}, map[string]indexState{} // missing, where nothing else is known
	for rows.Next() {
		var name string
		var isValid, building bool
		if err := rows.Scan(&name, &isValid, &building); err != nil {
			return nil, fmt.Errorf("list indexes of schema %s: %w", s.target, err)
		}
		switch {
		case isValid:
			valid[name] = true
		case building:
			state[name] = indexBuilding
		default:
			state[name] = indexInvalid
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list indexes of schema %s: %w", s.target, err)
	}
	var lacking []pendingIndex
	for _, t := range s.source.tables {
		if _, ok := live[t.name]; !ok {
			continue
		}
		for _, x := range t.indexes {
			if !valid[x.name] {
				lacking = append(lacking, pendingIndex{index: x, state: state[x.name]})
			}
		}
	}
	return lacking, nil
}
