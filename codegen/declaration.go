package codegen

import (
	"fmt"
	"strings"
)

// parseDeclaration reads an event as Solidity declares it, which is how a human-readable ABI has it and names.lock
// too: "event Filled(bytes32 indexed id, (address token, uint256 amount)[] legs) anonymous". A tuple may have the word
// tuple before it, and a semicolon may end it all. https://docs.ethers.org/v6/basics/abi/#basics-abi
func parseDeclaration(text string) (jsonEntry, error) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), ";"))
	if nesting(text) > maxNesting {
		return jsonEntry{}, fmt.Errorf("the declaration nests deeper than %d", maxNesting)
	}
	rest, ok := strings.CutPrefix(text, "event ")
	name, rest, hasParams := strings.Cut(rest, "(")
	params, suffix, closed := cutClosed(rest)
	if !ok || !hasParams || !closed {
		return jsonEntry{}, fmt.Errorf("the declaration is not of the form: event Name(type name, type indexed name)")
	}
	e := jsonEntry{Type: "event", Name: strings.TrimSpace(name)}
	switch suffix = strings.TrimSpace(suffix); suffix {
	case "":
	case "anonymous":
		e.Anonymous = true
	default:
		return e, fmt.Errorf("%q stands behind the parameters", excerpt(suffix))
	}
	var err error
	e.Inputs, err = splitParams(params)
	return e, err
}

// nesting is how many parentheses stand within each other.
func nesting(text string) (deepest int) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

// cutClosed cuts text at the parenthesis that closes the one before it.
func cutClosed(text string) (inside, after string, ok bool) {
	depth := 1
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i], text[i+1:], true
			}
		}
	}
	return text, "", false
}

// splitParams reads parameters, or the components of a tuple, separated by commas.
func splitParams(list string) ([]jsonParam, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	var params []jsonParam
	depth, start := 0, 0
	for i := 0; i <= len(list); i++ {
		switch {
		case i < len(list) && list[i] == '(':
			depth++
		case i < len(list) && list[i] == ')':
			depth--
		case i == len(list) || list[i] == ',' && depth == 0:
			p, err := splitParam(strings.TrimSpace(list[start:i]))
			if err != nil {
				return nil, err
			}
			params = append(params, p)
			start = i + 1
		}
	}
	return params, nil
}

// splitParam reads one parameter: its type, the word indexed, its name.
func splitParam(text string) (jsonParam, error) {
	var p jsonParam
	rest := text
	if tuple := strings.TrimPrefix(text, "tuple"); strings.HasPrefix(tuple, "(") {
		components, after, closed := cutClosed(tuple[1:])
		if !closed {
			return p, fmt.Errorf("%q has a parenthesis that is not closed", excerpt(text))
		}
		var err error
		if p.Components, err = splitParams(components); err != nil {
			return p, err
		}
		dimensions := after[:len(after)-len(strings.TrimLeft(after, "[]0123456789"))]
		p.Type, rest = "tuple"+dimensions, after[len(dimensions):]
	} else {
		p.Type, rest = cutType(text)
	}
	words := strings.Fields(rest)
	if len(words) > 0 && words[0] == "indexed" {
		p.Indexed, words = true, words[1:]
	}
	switch len(words) {
	case 0:
	case 1:
		p.Name = words[0]
	default:
		return p, fmt.Errorf("%q is not of the form: type name, or type indexed name", excerpt(text))
	}
	return p, nil
}

// cutType cuts the type off a parameter that is no tuple. Only address payable is of two words.
func cutType(text string) (typ, rest string) {
	typ, rest, _ = strings.Cut(strings.Join(strings.Fields(text), " "), " ")
	if after, ok := strings.CutPrefix(rest, "payable"); ok && typ == "address" && (after == "" || after[0] == ' ') {
		return "address payable", after
	}
	return typ, rest
}
