package config

import (
	"fmt"

	"github.com/spf13/pflag"
)

// Flags registers one flag for each setting. A flag only keeps its text; Load judges it together with everything else.
func Flags(fs *pflag.FlagSet) {
	for _, s := range settings {
		text := &flagText{hint: s.hint, text: s.Default}
		f := fs.VarPF(text, s.Flag(), "", s.usage())
		if s.Secret {
			f.Usage += fmt.Sprintf("; others can see it in the list of processes: better set %s_FILE", s.Name)
		}
	}
}

func (s Setting) usage() string {
	switch {
	case s.Required:
		return s.Description + " (required)"
	case s.Derived != "":
		return fmt.Sprintf("%s (default %s)", s.Description, s.Derived)
	default:
		return s.Description
	}
}

type flagText struct {
	hint, text string
}

func (f *flagText) String() string     { return f.text }
func (f *flagText) Set(s string) error { f.text = s; return nil }
func (f *flagText) Type() string       { return f.hint }
