package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// report prints what stands in the tables, and returns an error if that is not what was played.
func (d *demo) report(ctx context.Context, expected count, written result) error {
	wrong := 0
	for _, table := range expected.tables() {
		fmt.Fprintf(d.out, "\n%s: %s rows", table, thousands(written.rows[table]))
		if written.rows[table] != expected[table] {
			wrong++
			fmt.Fprintf(d.out, ", but %s events were played", thousands(expected[table]))
		}
		fmt.Fprintln(d.out)
		if err := d.samples(ctx, table); err != nil {
			return err
		}
	}
	var letters int
	if err := d.db.QueryRow(ctx, "SELECT count(*) FROM dead_letters WHERE state = 'open'").Scan(&letters); err != nil {
		return fmt.Errorf("count dead letters: %w", err)
	}
	total := written.rows.total()
	fmt.Fprintf(d.out, "\n%s events in %.1f s, %s events/s, from the first entry in Redis to the last row in PostgreSQL\n",
		thousands(total), written.took.Seconds(), thousands(int(float64(total)/written.took.Seconds())))
	if wrong > 0 || letters > 0 {
		return fmt.Errorf("%d tables hold other numbers of rows than were played, and there are %d dead letters",
			wrong, letters)
	}
	return nil
}

// sampleWidth is how much of a value is shown.
const sampleWidth = 44

// samples prints the first two rows of a table side by side, as the view for people shows them.
func (d *demo) samples(ctx context.Context, table string) error {
	rows, err := d.db.Query(ctx, fmt.Sprintf(
		"SELECT * FROM %s_hex.%s ORDER BY network, block_number, log_index, transaction_hash LIMIT 2", d.schema, table),
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	defer rows.Close()
	var samples [][]string
	for rows.Next() {
		var texts []string
		for _, raw := range rows.RawValues() {
			texts = append(texts, sample(raw))
		}
		samples = append(samples, texts)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	out := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for i, column := range rows.FieldDescriptions() {
		fmt.Fprintf(out, "  %s", column.Name)
		for _, texts := range samples {
			fmt.Fprintf(out, "\t%s", texts[i])
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

func sample(raw []byte) string {
	if raw == nil {
		return "NULL"
	}
	text := fmt.Sprintf("%q", raw)
	text = text[1 : len(text)-1]
	if utf8.RuneCountInString(text) > sampleWidth {
		return string([]rune(text)[:sampleWidth-1]) + "…"
	}
	return text
}
