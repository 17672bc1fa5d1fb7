// Where the schema comes from and where it goes, for the CLI of Atlas (https://atlasgo.io). The project's own commands
// (`make schema-diff`, `make schema-apply`) read this file too, and need neither the CLI nor the dev database: they
// evaluate schema/ on the target itself, in a transaction that is rolled back.

env "local" {
  // schema/*.sql: core.sql by hand, the rest by `make generate`.
  src = "file://schema"
  url = getenv("DATABASE_URL")

  // An empty database for the CLI to evaluate schema/ in.
  dev = getenv("DEV_DATABASE_URL") != "" ? getenv("DEV_DATABASE_URL") : "docker://postgres/16/dev"

  // Without this the CLI compares all schemas, also those of others. Name yours here if it is not public.
  schemas = ["public"]

  // Tables of others, and of ABIs that were removed, stay.
  diff {
    skip {
      drop_schema = true
      drop_table  = true
    }
  }

  lint {
    destructive {
      error = true
    }
  }
}
