package launch

import "context"

// Dir is where a server keeps its files.
func (s *Server) Dir() string { return s.dir.path }

// PostgresAsOrdinaryUser starts PostgreSQL as root does where user namespaces are refused.
func PostgresAsOrdinaryUser(ctx context.Context) (*Server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	uid, gid, err := ordinaryUser()
	if err != nil {
		return nil, err
	}
	return postgresAs(ctx, baseDir(), postgres{bin: bin, settings: throwawaySettings, attr: credential(uid, gid)})
}

// Unused reports whether every process that used a server's directory has ended.
func Unused(dir string) error {
	lock, err := lockDirectory(dir, 0)
	if err != nil {
		return err
	}
	return lock.Close()
}
