package migrate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ariga.io/atlas/schemahcl"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Project is one environment of atlas.hcl, as far as this program needs it; the rest is for the CLI of Atlas.
type Project struct {
	Env string
	Src string // as written: file://schema
	Dir string // the directory that Src means, from where the program runs
	URL string // of the database; empty where the environment does not say
	Dev string
}

// projectFile is atlas.hcl. What it does not name is kept aside by the embedded extension.
type projectFile struct {
	Envs []*projectEnv `spec:"env"`
	schemahcl.DefaultExtension
}

type projectEnv struct {
	Name string `spec:"name,name"`
	Src  string `spec:"src"`
	URL  string `spec:"url"`
	Dev  string `spec:"dev"`
	schemahcl.DefaultExtension
}

// ReadProject evaluates atlas.hcl as Atlas does, and returns the environment called env.
func ReadProject(path, env string) (Project, error) {
	if _, err := os.Stat(path); err != nil {
		return Project{}, fmt.Errorf("read project: %w", err)
	}
	var file projectFile
	state := schemahcl.New(schemahcl.WithFunctions(map[string]function.Function{"getenv": getenv}))
	if err := state.EvalFiles([]string{path}, &file, nil); err != nil {
		return Project{}, fmt.Errorf("read project %s: %w", path, err)
	}
	for _, e := range file.Envs {
		if e.Name != env {
			continue
		}
		dir, ok := strings.CutPrefix(e.Src, "file://")
		if !ok || dir == "" {
			return Project{}, fmt.Errorf("read project %s: env %s: src %q is no directory; hint: src = \"file://schema\"",
				path, env, e.Src)
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(path), dir)
		}
		return Project{Env: env, Src: e.Src, Dir: dir, URL: e.URL, Dev: e.Dev}, nil
	}
	return Project{}, fmt.Errorf("read project %s: %w", path, errors.New("no env "+env))
}

// getenv is the function of that name of Atlas, which is part of its CLI and not of its packages.
var getenv = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "key", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal(os.Getenv(args[0].AsString())), nil
	},
})
